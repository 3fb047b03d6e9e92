"""Reading a kind of HubSpot object: everything once by listing, then what changed by search.

The listing has no cap and no order by time; the search caps a query at 10,000 results and
its index lags. So the search goes over a window of modification times, closed a little
before now and opened a little before the last one's end, and pages by id within it: bulk
edits stamp tens of thousands of records with one instant, on which no paging by time gets
through. Ids ascend as numbers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import ClassVar

from connector.adapters.hubspot.portal import Portal
from connector.adapters.hubspot.session import Answer
from connector.adapters.hubspot.values import (
    Json,
    UnreadableError,
    id_of,
    identifier,
    identifiers,
    milliseconds,
    moment,
    part,
)
from connector.adapters.pieces import Pieces
from connector.errors import RetryLater
from connector.records import Cursor, Page, Stream

LAG = timedelta(seconds=60)
"""How long the search index may take to show a change."""

OVERLAP = timedelta(minutes=15)
"""How late a change may still turn up behind the end of a window."""

LIST_LIMIT = 100
HISTORY_LIMIT = 50
SEARCH_LIMIT = 200
STUCK_PAUSE = 60.0
"""Seconds until a page that leads nowhere is asked for again."""


class Reader(ABC):
    """One stream of an account."""

    stream: Stream

    def __init__(self, portal: Portal) -> None:
        """Make no request."""
        self.portal = portal

    @abstractmethod
    def read(self, cursor: Cursor | None) -> Page:
        """Read the page after ``cursor``; None or empty is the beginning."""

    def now(self) -> int:
        """Return the current time in epoch milliseconds."""
        return milliseconds(self.portal.now())


class ObjectReader(Reader):
    """A stream of CRM objects.

    Its cursor is ``{"started", "after"}`` while listing, ``{"since", "until", "last"}`` within
    a window and ``{"since"}`` between windows; times are epoch milliseconds.
    """

    noun: str
    modified: ClassVar[str] = "hs_lastmodifieddate"
    search_limit: ClassVar[int] = SEARCH_LIMIT

    @abstractmethod
    def list_page(self, after: str | None) -> tuple[Sequence[Json], str | None]:
        """Return one page of the listing and the position of the next one."""

    @abstractmethod
    def searched(self) -> Sequence[str]:
        """Return the properties that a search hit must carry."""

    @abstractmethod
    def add(self, pieces: Pieces, found: Sequence[Json], linked: Mapping[str, Sequence[str]]) -> None:
        """Add what was found; ``linked`` maps object id → contact ids."""

    def listed_links(self, found: Sequence[Json]) -> Mapping[str, Sequence[str]]:
        """Return the contacts of listed objects."""
        return {}

    def complete(self, hits: Sequence[Json], since: int) -> tuple[Sequence[Json], Mapping[str, Sequence[str]]]:
        """Return search hits with all that :meth:`add` needs; ``since`` is where the window opens."""
        return hits, {}

    def restate(self, pieces: Pieces, hits: Sequence[Json]) -> None:
        """Take back what was said of objects that changed, where :meth:`add` says all of it again."""

    def read(self, cursor: Cursor | None) -> Page:
        """Read the page after ``cursor``."""
        if cursor and "since" in cursor:
            return self._changes(dict(cursor))
        return self._listing(dict(cursor or {}))

    def total(self) -> int | None:
        """Return how many objects there are, as the search counts them."""
        found = self.portal.session.post("search", {"limit": 1, "properties": []}, object=self.noun).body.get("total")
        return found if isinstance(found, int) else None

    def _listing(self, cursor: Json) -> Page:
        first = "started" not in cursor
        started = self.now() if first else cursor["started"]
        found, after = self.list_page(cursor.get("after"))
        pieces = Pieces()
        self.add(pieces, found, self.listed_links(found))
        expected = self._expected(len(found), after) if first else None
        if after is None:
            return pieces.page({"since": started}, drained=True, expected=expected)
        if after == cursor.get("after"):
            raise RetryLater(f"The list of {self.stream.label.lower()} does not go on.", after_seconds=STUCK_PAUSE)
        return pieces.page({"started": started, "after": after}, drained=False, expected=expected)

    def _expected(self, found: int, after: str | None) -> int | None:
        return found if after is None else self.total()

    def _changes(self, cursor: Json) -> Page:
        since = cursor["since"]
        until = cursor.get("until") or self.now() - LAG // timedelta(milliseconds=1)
        if until <= since:
            return Page({"since": since}, drained=True)
        opened = since - OVERLAP // timedelta(milliseconds=1)
        answer = self.portal.session.post("search", self._query(opened, until, cursor.get("last")), object=self.noun)
        pieces = Pieces()
        hits = [hit for hit in answer.results if self._within(pieces, hit, until)]
        self.restate(pieces, hits)
        self.add(pieces, *(self.complete(hits, opened) if hits else ((), {})))
        if answer.after is None:
            return pieces.page({"since": until}, drained=True)
        return pieces.page({"since": since, "until": until, "last": self._last(answer, cursor)}, drained=False)

    def _last(self, answer: Answer, cursor: Json) -> str:
        """Return the highest id of a page; raise ``RetryLater`` where paging would not come on."""
        numbers = [int(found) for found in identifiers(answer.results) if found.isdecimal()]
        if not numbers or max(numbers) <= int(cursor.get("last", -1)):
            raise RetryLater(f"A page of {self.stream.label.lower()} can't be read.", after_seconds=STUCK_PAUSE)
        return str(max(numbers))

    def _query(self, opened: int, until: int, last: str | None) -> Json:
        filters = [
            {"propertyName": self.modified, "operator": "GTE", "value": str(opened)},
            {"propertyName": self.modified, "operator": "LTE", "value": str(until)},
        ]
        if last is not None:
            filters.append({"propertyName": "hs_object_id", "operator": "GT", "value": last})
        return {
            "filterGroups": [{"filters": filters}],
            "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
            "properties": [*self.searched(), self.modified],
            "limit": self.search_limit,
        }

    def _within(self, pieces: Pieces, hit: Json, until: int) -> bool:
        """Tell whether a hit belongs to the window: one that changed during the scan comes in the next."""
        stamp = part(hit, "properties").get(self.modified)
        try:
            identifier(hit)
            return stamp is None or milliseconds(moment(stamp, self.modified)) <= until
        except UnreadableError as reason:
            pieces.reject(self.stream.name, id_of(hit), reason)
            return False
