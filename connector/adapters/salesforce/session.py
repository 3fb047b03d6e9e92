"""All requests of one connection: governed, counted against the day, retried, refreshed."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, TypeVar

import requests
from simple_salesforce.api import Salesforce

from connector.adapters.contract import Access
from connector.adapters.page_sizes import PageSizes
from connector.adapters.salesforce import together
from connector.adapters.salesforce.channel import TIMEOUT, Channel, attempt
from connector.adapters.salesforce.errors import Refusal, classify
from connector.adapters.salesforce.paths import COMPOSITE
from connector.adapters.salesforce.values import Json, flat
from connector.errors import RetryLater

CONCURRENT = "concurrent"
POLLS = "bulk_polls"
DAILY = "daily"

SHARE = 0.2
"""The part of an org's daily requests that we may take; all of the customer's integrations share them."""

BULK_STOPS_AT = 0.8
"""How full the org's day may be before background reading makes way."""

ALL_STOPS_AT = 0.95
"""How full it may be before everything of ours does: the rest is for those who have no say in it."""

ATTEMPTS = 4
OK = 200
"""What an answer counts as whose own status the library keeps to itself."""
_JITTER = random.SystemRandom()

T = TypeVar("T")


class Session:
    """The requests of one connection. May be used by several threads."""

    def __init__(
        self,
        access: Access,
        origin: str,
        timeout: tuple[float, float] = TIMEOUT,
        pages: PageSizes | None = None,
    ) -> None:
        """Make no request; ``timeout`` is in seconds, to connect and to read. ``pages`` outlive this object."""
        self._pages = pages or PageSizes()
        self._access = access
        self._channel = Channel(origin, timeout)

    def job_begun(self, job: str) -> None:
        """Tell of a job that is about to bring values."""
        self._access.job_begun(job)

    def job_over(self, job: str) -> None:
        """Tell that a job can write nothing any more."""
        self._access.job_over(job)

    @property
    def origin(self) -> str:
        """Return where this org lives."""
        return self._channel.origin

    def now(self) -> datetime:
        """Return the earlier of our clock and Salesforce's: a mark made of it is never in the future there."""
        told = self._channel.server_time
        ours = self._access.now()
        return ours if told is None else min(ours, told)

    def sized(self, kind: str, largest: int) -> AbstractContextManager[int]:
        """Give the size of a page to ask for, smaller where the last ones were too much to answer."""
        return self._pages.sized(self._access.connection_id, kind, largest)

    def query(self, soql: str, *, deleted: bool = False) -> list[Json]:
        """Return all rows of a query that was bounded by a LIMIT or a list of ids."""
        return self.queries([soql], deleted=deleted)

    def queries(self, asked: Sequence[str], *, deleted: bool = False) -> list[Json]:
        """Return all rows of several such queries, asked together in as few requests as there can be."""
        found: list[Json] = []
        for start in range(0, len(asked), together.QUERIES):
            for first in self._first_pages(asked[start : start + together.QUERIES], deleted=deleted):
                found.extend(self._rows(first))
        return found

    def _first_pages(self, asked: Sequence[str], *, deleted: bool) -> list[Json]:
        if len(asked) == 1:
            return self.run("query", lambda sdk: [_result(sdk.query(asked[0], include_deleted=deleted))])
        return self.run("query", lambda sdk: _results(sdk, asked, deleted=deleted))

    def _rows(self, found: Json) -> list[Json]:
        rows = list(found["records"])
        while not found["done"]:
            found = self._more(found["nextRecordsUrl"])
            rows.extend(found["records"])
        return [flat(row) for row in rows]

    def _more(self, address: str) -> Json:
        """Follow Salesforce's own address of the next rows to the letter."""
        return self.run("query", lambda sdk: _result(sdk.query_more(address, identifier_is_url=True)))

    def count(self, soql: str, *, deleted: bool = False) -> int:
        """Return the number that a ``SELECT COUNT()`` answers."""
        return int(self.run("query", lambda sdk: _result(sdk.query(soql, include_deleted=deleted)))["totalSize"])

    def describe(self, source: str) -> list[Json]:
        """Return the fields of an object that the user may read."""
        return self.run("describe", lambda sdk: _fields(sdk.restful(f"sobjects/{source}/describe")))

    def send(self, method: str, path: str, body: Json, operation: str = "", *, writes: bool = False) -> Any:
        """Send ``body`` to ``path`` below the API version; return the parsed answer. ``writes``: see ``Lane``."""
        return self.run(operation or path, lambda sdk: sdk.restful(path, method=method, json=body), writes=writes)

    def lean(self, operation: str, method: str, path: str, read: Callable[[requests.Response], T], **kwargs: Any) -> T:
        """Send a request that the library has no method for and ``read`` its answer; ``path`` is absolute."""
        return self._governed(operation, lambda token: read(self._channel.lean(method, path, token, **kwargs)))

    def run(self, operation: str, call: Callable[[Salesforce], T], *, writes: bool = False) -> T:
        """Let ``call`` use the library; raise one of the error tree for what is left after the retries."""
        return self._governed(operation, lambda token: call(self._channel.sdk(token)), writes=writes)

    def poll(self, operation: str, path: str, *, turns: int = 1) -> Json:
        """Read the state of a job, after ``turns`` places in the pace that polls of the account have."""
        lane = self._access.lane
        for _ in range(turns):
            lane.acquire(POLLS)
            lane.settle(POLLS)
        return self.run(operation, lambda sdk: _object(sdk.restful(path)))

    def make_way(self) -> None:
        """Raise ``RetryLater`` where the org's day is so full that background reading must stop."""
        self._stop_at(BULK_STOPS_AT)

    def _stop_at(self, share: float) -> None:
        usage = self._channel.usage
        if usage is not None and usage[0] > usage[1] * share:
            raise RetryLater(
                f"More than {100 * share:.0f} % of the Salesforce org's daily API requests are used; ours go on later.",
                after_seconds=1800.0,
            )

    def _governed(self, operation: str, call: Callable[[str], T], *, writes: bool = False) -> T:
        lane = self._access.lane
        token, renewed = self._access.token(), False
        tries = 1
        while True:
            found = self._once(operation, call, token, writes=writes)
            self._access.answered(found.status if isinstance(found, Refusal) else OK)
            if not isinstance(found, Refusal):
                return found
            if found.unauthorized and not renewed:
                token, renewed = self._access.refused_token(token), True
                continue
            if found.passing:
                lane.penalise(CONCURRENT, found.pause(tries) * _JITTER.uniform(1.0, 1.25))
            if not found.passing or tries >= ATTEMPTS:
                raise classify(found)
            tries += 1

    def _once(self, operation: str, call: Callable[[str], T], token: str, *, writes: bool) -> T | Refusal:
        lane = self._access.lane
        self._stop_at(ALL_STOPS_AT)
        usage = self._channel.usage
        lane.spend(DAILY, 1, limit=int(usage[1] * SHARE) if usage else None)
        lane.acquire(CONCURRENT, writes=writes)
        try:
            found = attempt(operation, lambda: call(token))
            if isinstance(found, Refusal) and found.throttled and not found.day_is_spent:
                lane.told(CONCURRENT, None)
            return found
        finally:
            lane.settle(CONCURRENT)


def _object(found: Any) -> Json:
    """Return an answer that must be an object; raise ``ValueError`` for something else that is JSON."""
    if isinstance(found, dict):
        return found
    raise ValueError("not an object")


def _fields(found: Any) -> list[Json]:
    """Return the fields of a describe; raise ``ValueError`` for something else that is JSON."""
    fields = _object(found).get("fields")
    named = [raw for raw in fields if isinstance(raw, dict) and raw.get("name")] if isinstance(fields, list) else []
    if named:
        return named
    raise ValueError("not a describe")


def _results(sdk: Salesforce, asked: Sequence[str], *, deleted: bool) -> list[Json]:
    """Ask several queries in one request; return the first page of each."""
    parts = [together.subrequest(soql, together.reference_of(n), deleted=deleted) for n, soql in enumerate(asked)]
    found = sdk.restful(COMPOSITE, method="POST", json=together.body(parts))
    return [_result(each) for each in together.answers(found, len(asked))]


def _result(found: Any) -> Json:
    """Return a query's answer; raise ``ValueError`` for something else that is JSON."""
    if isinstance(found, dict) and isinstance(found.get("records"), list) and isinstance(found.get("totalSize"), int):
        more = found.get("done") is False and isinstance(found.get("nextRecordsUrl"), str)
        if more or found.get("done") is True:
            return found
    raise ValueError("not the answer of a query")
