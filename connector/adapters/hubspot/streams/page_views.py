"""Page views, where the account's subscription has them (Enterprise).

HubSpot answers them for one contact at a time, so a whole account is out of reach: only
contacts that changed since the last scan are asked about, and the first scan only finds
out whether the account has them. What came before is in the page-view counters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar
from urllib.parse import urlsplit

from connector.adapters.hubspot.paths import path
from connector.adapters.hubspot.session import query_string
from connector.adapters.hubspot.streams.base import LIST_LIMIT, ObjectReader
from connector.adapters.hubspot.values import (
    Json,
    UnreadableError,
    id_of,
    identifier,
    identifiers,
    iso,
    moment,
    part,
)
from connector.adapters.pieces import Pieces
from connector.records import Actor, Cursor, EngagementEvent, EventKind, Page, Stream

NOT_FOUND = 404
EVENT_TYPE = "e_visited_page"


class PageViewReader(ObjectReader):
    """Visits of contacts that changed, twenty contacts a page since each costs a request."""

    stream = Stream("page_views", "Page views")
    noun = "contacts"
    modified = "lastmodifieddate"
    search_limit: ClassVar[int] = 20

    def read(self, cursor: Cursor | None) -> Page:
        """Read the page after ``cursor``; the first one holds nothing."""
        if cursor:
            return self._changes(dict(cursor))
        started = self.now()
        found = self.portal.session.get("objects", {"limit": 1}, object=self.noun).results
        for contact_id in identifiers(found):
            self._query_contact(contact_id, started, None)
        return Page({"since": started}, drained=True)

    def list_page(self, after: str | None) -> tuple[Sequence[Json], str | None]:
        """Return nothing: there is no listing."""
        return (), None

    def searched(self) -> Sequence[str]:
        """Return nothing more: the ids are enough."""
        return ()

    def complete(self, hits: Sequence[Json], since: int) -> tuple[Sequence[Json], Mapping[str, Sequence[str]]]:
        """Return the visits of the hits."""
        return [visit for contact_id in identifiers(hits) for visit in self._visits(contact_id, since)], {}

    def add(self, pieces: Pieces, found: Sequence[Json], linked: Mapping[str, Sequence[str]]) -> None:
        """Add one event for each visit."""
        for raw in found:
            try:
                pieces.events.append(visit_event(raw))
            except UnreadableError as reason:
                pieces.reject(self.stream.name, id_of(raw), reason)

    def _visits(self, contact_id: str, since: int) -> Iterator[Json]:
        after: str | None = None
        while True:
            answer = self._query_contact(contact_id, since, after)
            yield from ({"objectId": contact_id, **raw} for raw in answer[0])
            after = answer[1]
            if after is None:
                return

    def _query_contact(self, contact_id: str, since: int, after: str | None) -> tuple[Sequence[Json], str | None]:
        query = {
            "objectType": "contact",
            "objectId": contact_id,
            "eventType": EVENT_TYPE,
            "occurredAfter": iso(moment(since, "the window")),
            "limit": LIST_LIMIT,
            "after": after,
        }
        target = path("occurrences") + query_string(query)
        answer = self.portal.session.send("GET", "occurrences", target, accept=(NOT_FOUND,))
        # A contact that was deleted meanwhile.
        return ((), None) if answer.status == NOT_FOUND else (answer.results, answer.after)


def visit_event(raw: Json) -> EngagementEvent:
    """Return the event of one visit. Of the address only the path is kept: queries carry personal data."""
    url = part(raw, "properties").get("hs_url")
    return EngagementEvent(
        "page_views",
        identifier(raw),
        EventKind.PAGE_VIEW,
        moment(raw.get("occurredAt"), "the visit's time"),
        Actor.LEAD,
        record_id=identifier(raw, "objectId"),
        detail=_path_of(url) if isinstance(url, str) else None,
    )


def _path_of(url: str) -> str | None:
    try:
        return urlsplit(url).path or "/"
    except ValueError:
        return None
