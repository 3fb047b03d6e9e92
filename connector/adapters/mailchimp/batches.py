"""Batch jobs: hundreds of calls handed in at once, which Mailchimp makes while no connection is held.

What can be asked of one job. How several are kept going: :mod:`connector.adapters.mailchimp.jobs`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import IO, cast

import requests
import urllib3

from connector.adapters.hosts import is_vendor_origin, trusted
from connector.adapters.mailchimp.archive import BrokenArchiveError, Result, results
from connector.adapters.mailchimp.calls import Call, batches
from connector.adapters.mailchimp.errors import NOT_FOUND, VENDOR
from connector.adapters.mailchimp.oauth import API_HOSTS
from connector.adapters.mailchimp.session import Session
from connector.adapters.mailchimp.transport import TIMEOUT
from connector.adapters.mailchimp.values import Json, UnreadableError, optional_moment
from connector.errors import RetryLater, VendorFault

OPERATIONS = 500
"""Calls in one job: sources differ on Mailchimp's own limit, this is the smallest."""
RESULT_HOSTS = (r"([a-z0-9-]+\.)+amazonaws\.com", r"([a-z0-9-]+\.)+mailchimp\.com")
"""Where results are kept. No token goes there."""

STATUS_FIELDS = "status", "completed_at", "response_body_url"


@dataclass(frozen=True, slots=True)
class HandedIn:
    """A job that Mailchimp took, and when by its own clock, in whole seconds (None: not told)."""

    job_id: str
    submitted_at: datetime | None


@dataclass(frozen=True, slots=True)
class State:
    """How far a job is; once it is finished, when it was and where its results are (None: not told, none)."""

    finished: bool
    completed_at: datetime | None = None
    url: str | None = None


def hand_in(session: Session, calls: Mapping[str, Call], *, repeat: bool = True) -> HandedIn:
    """Hand in up to 500 calls under their keys; raise ``RetryLater`` where Mailchimp does not take them.

    ``repeat`` False: where the answer gets lost they are not handed in again, since they may have been taken.
    """
    operations = [_operation(key, call) for key, call in calls.items()]
    writes = any(call.writes for call in calls.values())
    body = session.send("batch", batches.start({"operations": operations}), repeat=repeat, writes=writes).body
    job_id = body.get("id")
    if not isinstance(job_id, str) or not job_id:
        raise RetryLater("Mailchimp took a batch job without naming it.", fault=VendorFault(VENDOR, "batch", 200))
    return HandedIn(job_id, _stamp(body, "submitted_at"))


def _operation(key: str, call: Call) -> Json:
    made: Json = {"method": call.method, "path": call.path, "operation_id": key, "params": dict(call.query)}
    # The body is JSON as a text.
    return made if call.body is None else {**made, "body": json.dumps(call.body)}


def look(session: Session, job_id: str) -> State | None:
    """Ask how far a job is; None where Mailchimp no longer knows it."""
    answer = session.send("batch status", batches.status(job_id, fields=STATUS_FIELDS), accept=(NOT_FOUND,))
    if answer.status == NOT_FOUND:
        return None
    if answer.body.get("status") != "finished":
        return State(finished=False)
    url = str(answer.body.get("response_body_url") or "") or None
    return State(True, _stamp(answer.body, "completed_at"), url)


def take_back(session: Session, job_id: str) -> None:
    """Stop a job; what it has done stays done."""
    session.send("batch end", batches.delete_request(job_id), accept=(NOT_FOUND,))


def _stamp(body: Json, name: str) -> datetime | None:
    try:
        return optional_moment(body.get(name), name)
    except UnreadableError:
        return None


def download(session: Session, url: str, found: dict[str, Result]) -> None:
    """Add the results at ``url``; raise ``BrokenArchiveError`` for an archive whose readable part alone was added."""
    if not _good(url, session.origin):
        raise BrokenArchiveError("the results lie somewhere else than at Mailchimp's storage")
    try:
        # A session of its own: the storage takes no token, and refuses one.
        with requests.Session() as http:
            http.auth = _unsigned
            with http.get(url, stream=True, timeout=TIMEOUT, allow_redirects=False) as response:
                if response.status_code != requests.codes.ok:
                    raise BrokenArchiveError(f"the storage answered {response.status_code}")
                for result in results(cast(IO[bytes], response.raw)):
                    found[result.operation_id] = result
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise BrokenArchiveError("the storage did not answer to the end") from error


def _good(url: str, origin: str) -> bool:
    if is_vendor_origin(origin, API_HOSTS):
        return is_vendor_origin(url, RESULT_HOSTS)
    return trusted(url, base=origin, patterns=())


def _unsigned(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
