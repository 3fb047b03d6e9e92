"""Deals: won and lost are the conversions of their contacts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connector.adapters.hubspot.mapping import deal_conversions
from connector.adapters.hubspot.streams.base import HISTORY_LIMIT, ObjectReader
from connector.adapters.hubspot.values import Json, UnreadableError, id_of, identifiers
from connector.adapters.pieces import Pieces
from connector.records import Retraction, Stream

PROPERTIES = (
    "dealstage",
    "amount",
    "amount_in_home_currency",
    "deal_currency_code",
    "closedate",
    "hs_is_closed",
    "hs_is_closed_won",
)


class DealReader(ObjectReader):
    """The deals with the history of their stage."""

    stream = Stream("deals", "Deals", needs_records=False)
    noun = "deals"

    def searched(self) -> Sequence[str]:
        """Return nothing more: hits are read again with their history."""
        return ()

    def list_page(self, after: str | None) -> tuple[Sequence[Json], str | None]:
        """List with the stage's history and the contacts."""
        query = {
            "limit": HISTORY_LIMIT,
            "after": after,
            "properties": PROPERTIES,
            "propertiesWithHistory": ("dealstage",),
            "associations": ("contacts",),
        }
        answer = self.portal.session.get("objects", query, object=self.noun)
        return answer.results, answer.after

    def listed_links(self, found: Sequence[Json]) -> Mapping[str, Sequence[str]]:
        """Return the contacts that came with the list."""
        return self.portal.inline_contacts(self.noun, found)

    def complete(self, hits: Sequence[Json], since: int) -> tuple[Sequence[Json], Mapping[str, Sequence[str]]]:
        """Return the hits with stage history and contacts: a batch read gives no associations."""
        ids = identifiers(hits)
        return self.portal.read_batch(self.noun, ids, PROPERTIES, ("dealstage",)), self.portal.contacts_of(
            self.noun, ids
        )

    def restate(self, pieces: Pieces, hits: Sequence[Json]) -> None:
        """Take back the outcomes of deals that changed: one may be open again, or have lost a contact."""
        pieces.retractions.extend(Retraction(self.noun, str(hit["id"])) for hit in hits)

    def add(self, pieces: Pieces, found: Sequence[Json], linked: Mapping[str, Sequence[str]]) -> None:
        """Add the outcomes of closed deals."""
        for raw in found:
            try:
                contacts = linked.get(str(raw.get("id")), ())
                pieces.conversions.extend(deal_conversions(raw, contacts, self.portal.stage_outcomes))
            except UnreadableError as reason:
                pieces.reject(self.stream.name, id_of(raw), reason)
