"""Contacts with the history of all their properties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from connector.adapters.hubspot.mapping import add_contact, only_ours
from connector.adapters.hubspot.paths import path
from connector.adapters.hubspot.session import LONGEST_URL, query_string
from connector.adapters.hubspot.streams.base import HISTORY_LIMIT, LIST_LIMIT, ObjectReader
from connector.adapters.hubspot.values import Json, UnreadableError, id_of, identifiers
from connector.adapters.pieces import Pieces
from connector.records import Stream


class ContactReader(ObjectReader):
    """The persons: the only stream that makes records."""

    stream = Stream("contacts", "Contacts", needs_records=False)
    noun = "contacts"
    modified = "lastmodifieddate"

    def searched(self) -> Sequence[str]:
        """Return nothing more: hits are read again with their history."""
        return ()

    def list_page(self, after: str | None) -> tuple[Sequence[Json], str | None]:
        """List with history, or, where the names make too long an address, list ids and read them in batches."""
        names = list(self.portal.contact_properties)
        query = {"limit": HISTORY_LIMIT, "after": after, "propertiesWithHistory": names}
        if len(path("objects", object="contacts") + query_string(query)) <= LONGEST_URL:
            answer = self.portal.session.get("objects", query, object="contacts")
            return answer.results, answer.after
        answer = self.portal.session.get("objects", {"limit": LIST_LIMIT, "after": after}, object="contacts")
        return self.portal.read_listed(self.noun, answer.results, names, names), answer.after

    def complete(self, hits: Sequence[Json], since: int) -> tuple[Sequence[Json], Mapping[str, Sequence[str]]]:
        """Return the hits with their history, without those that only we have changed."""
        opened = datetime.fromtimestamp(since / 1000, UTC)
        found = self.read_batch(identifiers(hits))
        return [raw for raw in found if not only_ours(raw, self.portal.own, opened)], {}

    def read_batch(self, ids: Sequence[str]) -> list[Json]:
        """Return the contacts among ``ids`` that still are, with their history."""
        names = list(self.portal.contact_properties)
        return self.portal.read_batch(self.noun, ids, names, names)

    def add(self, pieces: Pieces, found: Sequence[Json], linked: Mapping[str, Sequence[str]]) -> None:
        """Add records, changes and stage conversions."""
        observed = dict.fromkeys(self.portal.calculated, self.portal.now())
        for raw in found:
            try:
                add_contact(pieces, self.stream.name, raw, self.portal.own, observed)
            except UnreadableError as reason:
                pieces.reject(self.stream.name, id_of(raw), reason)
