"""E-mails, calls, meetings, notes and tasks that sellers log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connector.adapters.hubspot.activities import Activity, activity_events
from connector.adapters.hubspot.portal import Portal
from connector.adapters.hubspot.streams.base import LIST_LIMIT, ObjectReader
from connector.adapters.hubspot.values import Json, UnreadableError, id_of, identifiers
from connector.adapters.pieces import Pieces
from connector.records import Stream


class ActivityReader(ObjectReader):
    """One kind of activity. Bodies and subjects are personal and never asked for."""

    def __init__(self, portal: Portal, activity: Activity) -> None:
        """Make no request."""
        super().__init__(portal)
        self._activity = activity
        self.noun = activity.object
        self.stream = Stream(activity.object, activity.label, needs_records=False)

    def searched(self) -> Sequence[str]:
        """Return all that an event is made from."""
        return ("hs_timestamp", "hs_createdate", *self._activity.properties)

    def list_page(self, after: str | None) -> tuple[Sequence[Json], str | None]:
        """List with the contacts."""
        query = {
            "limit": LIST_LIMIT,
            "after": after,
            "properties": self.searched(),
            "associations": ("contacts",),
        }
        answer = self.portal.session.get("objects", query, object=self.noun)
        return answer.results, answer.after

    def listed_links(self, found: Sequence[Json]) -> Mapping[str, Sequence[str]]:
        """Return the contacts that came with the list."""
        return self.portal.inline_contacts(self.noun, found)

    def complete(self, hits: Sequence[Json], since: int) -> tuple[Sequence[Json], Mapping[str, Sequence[str]]]:
        """Return the hits with their contacts, which a search does not give."""
        return hits, self.portal.contacts_of(self.noun, identifiers(hits))

    def add(self, pieces: Pieces, found: Sequence[Json], linked: Mapping[str, Sequence[str]]) -> None:
        """Add one event for each contact."""
        for raw in found:
            try:
                pieces.events.extend(activity_events(self._activity, raw, linked.get(str(raw.get("id")), ())))
            except UnreadableError as reason:
                pieces.reject(self.stream.name, id_of(raw), reason)
