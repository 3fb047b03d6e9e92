"""Walking through rows that are sorted by a time of whole seconds, while they change.

Mailchimp has no cursor, only offsets, and an offset over a changing list loses or repeats rows. So
each page asks for what comes after the last whole second that was read, from offset 0. Of a full
page the rows of its last second are left to the next one, since more of that second may follow.
Only a second that fills a page alone is paged by offset, and begun again if its number of rows
changes on the way. Whether Mailchimp counts the ends of a window in is not documented: one second
more is asked for at the upper end, and rows outside the window are passed over here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from connector.adapters.mailchimp.errors import VENDOR
from connector.adapters.mailchimp.values import SECOND, Json, UnreadableError, iso, moment
from connector.errors import RetryLater, VendorFault

FOUNDED = 2001
AHEAD = timedelta(days=1)
"""How far the clocks of ours and of Mailchimp's may at most differ."""

Fetch = Callable[[str | None, str, int], tuple[Sequence[Json], int]]
"""(since, before, offset) → rows in ascending order, and how many the window has in all."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a walk stands: rows later than ``after`` are to come, up to ``until``, both inclusive of that second.

    ``total`` is not None within a second that is paged by offset: the one that follows ``after``.
    """

    after: datetime | None
    until: datetime
    offset: int = 0
    total: int | None = None

    def as_json(self) -> Json:
        """Return the place as a part of a cursor."""
        after = None if self.after is None else iso(self.after)
        return {"after": after, "until": iso(self.until), "offset": self.offset, "total": self.total}

    @classmethod
    def from_json(cls, found: Any) -> Place:
        """Return the place that a cursor holds."""
        after = None if found["after"] is None else moment(found["after"], "the cursor")
        return cls(after, moment(found["until"], "the cursor"), found["offset"], found["total"])


def step(place: Place, fetch: Fetch, key: str, page: int) -> tuple[Sequence[Json], Place | None]:
    """Return the rows after ``place`` and the place that follows, None at the end.

    ``key`` names the rows' time. Rows without a readable time are returned too, for their reader to reject.
    """
    if place.total is not None and place.after is not None:
        return _within_second(place, place.after + SECOND, fetch, key, page)
    since = None if place.after is None else iso(place.after)
    found, _ = fetch(since, iso(place.until + SECOND), 0)
    timed = [(_time(row, key, place.until), row) for row in found]
    times = [at for at, _ in timed if at is not None]
    _check(place, times)
    if len(found) < page or (times and times[-1] > place.until):
        return [row for at, row in timed if _wanted(at, place)], None
    if not times:
        raise _lost("answered a page of rows without times")
    last = times[-1]
    first = next((at for at in times if _wanted(at, place)), last + SECOND)
    if first >= last:
        # The whole page is one second: it is read by offset, from its beginning.
        return (), Place(first - SECOND, place.until, 0, 0)
    return [row for at, row in timed if _wanted(at, place) and at != last], Place(last - SECOND, place.until)


def _within_second(
    place: Place, second: datetime, fetch: Fetch, key: str, page: int
) -> tuple[Sequence[Json], Place | None]:
    found, total = fetch(iso(second - SECOND), iso(second + SECOND), place.offset)
    if place.offset and total != place.total:
        # Rows left this second (or came into it) since its last page: what was skipped is not what was read.
        return (), Place(place.after, place.until, 0, 0)
    read = place.offset + len(found)
    kept = [row for row in found if _time(row, key, place.until) in (second, None)]
    if len(found) == page and read < total:
        return kept, Place(place.after, place.until, read, total)
    return kept, Place(second, place.until) if second < place.until else None


def _time(row: Json, key: str, until: datetime) -> datetime | None:
    """Return a row's time, None where it has none or one from before Mailchimp or from days to come."""
    try:
        at = moment(row.get(key), key)
    except UnreadableError:
        return None
    return at if at.year >= FOUNDED and at <= until + AHEAD else None


def _wanted(at: datetime | None, place: Place) -> bool:
    return at is None or (at <= place.until and (place.after is None or at > place.after))


def _check(place: Place, times: Sequence[datetime]) -> None:
    """Raise ``RetryLater`` where Mailchimp left the window out of account, as it does with one that it can't read."""
    if place.after is not None and any(at < place.after for at in times):
        raise _lost("answered rows from outside the window")
    if any(at > place.until + SECOND for at in times):
        raise _lost("answered rows from outside the window")
    if list(times) != sorted(times):
        raise _lost("answered rows out of order")


def _lost(what: str) -> RetryLater:
    return RetryLater(f"Mailchimp {what}.", after_seconds=60.0, fault=VendorFault(VENDOR, "window", 200))
