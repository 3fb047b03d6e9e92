"""Bulk API 2.0 query jobs: made, watched and read page by page, by whichever worker is there.

The library's own helper is not used: it tells no job id before the job is done, so that a
new worker could not go on with it. Results keep their locators as long as the job exists.
"""

from __future__ import annotations

from dataclasses import dataclass

import requests

from connector.adapters.salesforce.bulk_csv import rows
from connector.adapters.salesforce.paths import QUERY_JOBS
from connector.adapters.salesforce.session import Session
from connector.adapters.salesforce.values import Json
from connector.errors import ConnectorError, NeedsAdmin, RetryLater

DONE = "JobComplete"
FAILED = frozenset({"Failed", "Aborted"})
_GONE = (404, 409)


@dataclass(frozen=True, slots=True)
class Part:
    """One page of a job's results; ``locator`` is the position of the next, None behind the last."""

    rows: list[Json]
    locator: str | None


class JobGoneError(Exception):
    """The job failed, was deleted or expired: its rows must be read another way."""


def start(session: Session, soql: str, *, deleted: bool = False) -> str:
    """Make a query job and return its id."""
    body: Json = {"operation": "queryAll" if deleted else "query", "query": soql}
    found = session.send("POST", "jobs/query", body, "bulk query")
    if not isinstance(found, dict) or not found.get("id"):
        raise RetryLater("Salesforce did not name the query job that it was to make.", after_seconds=5.0)
    return str(found["id"])


def ready(session: Session, job: str, turns: int) -> bool:
    """Tell, after ``turns`` places in the pace of polls, whether the results are there.

    Raises ``JobGoneError`` where they never will be.
    """
    try:
        state = str(session.poll("bulk query", f"jobs/query/{job}", turns=turns).get("state"))
    except NeedsAdmin as refused:
        raise _gone(refused) from None
    if state in FAILED:
        raise JobGoneError
    return state == DONE


def part(session: Session, job: str, locator: str | None, size: int) -> Part:
    """Read one page of at most ``size`` rows; raise ``JobGoneError`` if the job is no longer there."""
    query = {"maxRecords": str(size)} | ({"locator": locator} if locator else {})
    try:
        return session.lean(
            "bulk results", "GET", f"{QUERY_JOBS}/{job}/results", _part, params=query, headers={"Accept": "text/csv"}
        )
    except NeedsAdmin as refused:
        raise _gone(refused) from None


def finish(session: Session, job: str) -> None:
    """Delete a job that was read to its end; one that is gone already is as good."""
    try:
        session.lean("bulk delete", "DELETE", f"{QUERY_JOBS}/{job}", lambda _: None)
    except NeedsAdmin:
        return


def _part(response: requests.Response) -> Part:
    """Return a page; raise ``ValueError`` where it holds fewer rows than it says (a proxy may hide how many)."""
    found = list(rows(response.content))
    told = response.headers.get("Sforce-NumberOfRecords", "")
    if told.isdecimal() and int(told) != len(found):
        raise ValueError("the page broke off")
    following = response.headers.get("Sforce-Locator") or "null"
    return Part(found, None if following == "null" else following)


def _gone(refused: NeedsAdmin) -> ConnectorError | JobGoneError:
    status = refused.fault.status if refused.fault else 0
    return JobGoneError() if status in _GONE else refused
