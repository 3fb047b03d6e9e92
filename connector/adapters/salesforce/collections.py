"""Scores by sObject Collections: 200 records a request, with one answer for each.

A request answers 200 even where every row failed; the answers come in the order of the request (REST guide,
"Update Records Using sObject Collections"). The org's own triggers and flows run on all rows of a request
together: one row that they fail on, or more rows than they can take in their ten seconds, fails all of them.
Such rows are sent again in ever smaller requests, down to one, until each is written or refused alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Any

from connector.adapters.salesforce.errors import THROTTLED
from connector.adapters.salesforce.score_results import LOCKED, REMEDIES, limit, refused, together, written
from connector.adapters.salesforce.score_rows import ScoreRow, Tally
from connector.adapters.salesforce.session import Session
from connector.adapters.salesforce.shrinking import Shrinking
from connector.adapters.salesforce.values import Json
from connector.errors import Disconnected, NeedsAdmin, RetryLater
from connector.records import WriteOutcome, WriteResult

LARGEST = 200
PARALLEL = 4
"""Requests of one write at one time, of the twenty that the account may have."""

FEWEST_LOCKED = 10
"""Locked rows are repeated in halves, since fewer share a parent, but not in smaller parts than this."""

EVERY_ROW = "The org's own triggers or flows fail on every record."


@dataclass(slots=True)
class Refused:
    """What of a request may be tried again: rows that were locked, and rows that failed together."""

    locked: list[ScoreRow] = field(default_factory=list)
    together: list[ScoreRow] = field(default_factory=list)
    limited: bool = False
    """Whether a limit of the org's own code was passed."""

    def add(self, other: Refused) -> None:
        """Add those of another request."""
        self.locked += other.locked
        self.together += other.together
        self.limited = self.limited or other.limited


class Collections:
    """Writes rows by Collections. Remembers how many the org's own code takes at a time."""

    def __init__(self, session: Session) -> None:
        """Make no request."""
        self._session = session
        self._size = LARGEST

    @property
    def burdened(self) -> bool:
        """Tell whether the org's own code was seen to take no full request."""
        return self._size < LARGEST

    def write(self, rows: Sequence[ScoreRow], field_names: Mapping[str, str], tally: Tally) -> None:
        """Write ``rows``, those of one object beside each other, and keep a result for each in ``tally``."""
        if not rows:
            return
        found = self._all_at_once(rows, field_names, tally)
        locked, found.locked = found.locked, []
        half = min(max(FEWEST_LOCKED, len(locked) // 2), LARGEST // 2)
        for chunk in _cut(locked, half):
            # Salesforce has itself waited ten seconds for the lock, so nothing is waited for here.
            found.add(self._send(chunk, field_names, tally))
        self.write_by_fewer(found, field_names, tally)

    def write_by_fewer(self, failed: Refused, field_names: Mapping[str, str], tally: Tally) -> None:
        """Write rows that failed together, in ever smaller requests; one that is refused alone keeps its refusal.

        Where nothing but such rows comes, the others are left for another time.
        """
        pace, left = Shrinking(max(1, self._size // 2), failed.limited), list(failed.together)
        while left and not pace.hopeless:
            chunk, rest = left[: pace.size], left[pace.size :]
            found = self._send(chunk, field_names, tally)
            if found.together:
                pace.failed(len(chunk), len(found.together), limited=found.limited)
            else:
                pace.passed()
            left = [*found.together, *rest] if len(chunk) > 1 else rest
        if pace.limited and not pace.alone:
            self._size = pace.size
        tally.put_off(left, EVERY_ROW)

    def _all_at_once(self, rows: Sequence[ScoreRow], field_names: Mapping[str, str], tally: Tally) -> Refused:
        found = Refused()
        with ThreadPoolExecutor(PARALLEL, thread_name_prefix="collections") as pool:
            # What holds in this thread (the claim that the rows are sent under) holds in those as well.
            begun = [
                pool.submit(copy_context().run, self._send, chunk, field_names, tally)
                for chunk in _cut(rows, self._size)
            ]
            for part in begun:
                found.add(part.result())
        return found

    def _send(self, rows: Sequence[ScoreRow], field_names: Mapping[str, str], tally: Tally) -> Refused:
        """Send one request and keep the results; return what may be tried again."""
        if tally.throttled is not None:
            tally.put_off(rows, str(tally.throttled))
            return Refused()
        body: Json = {"allOrNone": False, "records": [row.as_record(field_names) for row in rows]}
        try:
            answers = self._session.run("write scores", lambda sdk: _answers(sdk, body, len(rows)), writes=True)
        except RetryLater as error:
            put_off(rows, tally, error)
            return Refused()
        except Disconnected:
            raise
        except NeedsAdmin as error:
            return _refused_whole(rows, tally, error)
        found = Refused()
        for row, answer in zip(rows, answers, strict=True):
            _keep(row, answer, tally, found)
        return found


def put_off(rows: Sequence[ScoreRow], tally: Tally, error: RetryLater) -> None:
    """Leave rows for another time, and all that follow them where Salesforce takes no more for now."""
    tally.put_off(rows, str(error))
    if error.fault is None or error.fault.category == THROTTLED:
        tally.throttled = error


def _cut(rows: Sequence[ScoreRow], size: int) -> Iterator[Sequence[ScoreRow]]:
    return (rows[start : start + size] for start in range(0, len(rows), size))


def _answers(sdk: Any, body: Json, count: int) -> list[Json]:
    """Return one answer for each row; raise ``ValueError`` for anything else."""
    found = sdk.restful("composite/sobjects", method="PATCH", json=body)
    if not isinstance(found, list) or len(found) != count or not all(isinstance(item, dict) for item in found):
        raise ValueError("not the answer of a collection")
    return found


def _refused_whole(rows: Sequence[ScoreRow], tally: Tally, error: NeedsAdmin) -> Refused:
    code = error.fault.category if error.fault else ""
    message = f"{error} {REMEDIES.get(code, '')}".strip()
    for row in rows:
        tally.keep(WriteResult(row.record_id, WriteOutcome.NEEDS_ADMIN, message))
    return Refused([], list(rows), limit(str(error))) if together(code, str(error)) else Refused()


def _keep(row: ScoreRow, answer: Json, tally: Tally, found: Refused) -> None:
    if answer.get("success") is True:
        tally.keep(written(row.record_id))
        return
    errors = answer.get("errors") or [{}]
    code = str(errors[0].get("statusCode") or errors[0].get("errorCode") or "")
    message = str(errors[0].get("message") or "")
    tally.keep(refused(row.record_id, code, message))
    if code == LOCKED:
        found.locked.append(row)
    elif together(code, message):
        found.together.append(row)
        found.limited = found.limited or limit(message)
