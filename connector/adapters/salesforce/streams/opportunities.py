"""Opportunities: won and lost are the conversions of their contacts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connector.adapters.pieces import Pieces
from connector.adapters.salesforce.history import Reading
from connector.adapters.salesforce.ids import known_id, to_18
from connector.adapters.salesforce.opportunities import OPPORTUNITY, conversions, outcome, retraction, stage_times
from connector.adapters.salesforce.streams.base import Reader
from connector.adapters.salesforce.values import Json, UnreadableError, truth
from connector.records import Stream

ROLE = ("Id", "OpportunityId", "ContactId")
STAGES = ("OpportunityId", "StageName", "CreatedDate")
CONVERTED = ("Id", "ConvertedOpportunityId", "ConvertedContactId")


class OpportunityReader(Reader):
    """The opportunities. Closed ones say something; later, that one is open again or deleted says it no longer."""

    stream = Stream("opportunities", "Opportunities")
    source = "Opportunity"
    deleted = True

    def wanted(self) -> Sequence[str]:
        """Return what an outcome is made from."""
        return self.org.having(self.source, OPPORTUNITY)

    def conditions(self) -> list[str]:
        """Leave out open and deleted ones, of which nothing is known yet."""
        closed = ["IsClosed = true"] if self.org.sees(self.source, "IsClosed") else []
        return [*closed, "IsDeleted = false"]

    def news_conditions(self) -> list[str]:
        """Leave out nothing: any of them may have been closed when it was read last."""
        return []

    def add(self, pieces: Pieces, rows: Sequence[Json], reading: Reading) -> None:
        """Add the outcomes; in a later scan they take the place of all that were told of the same opportunities."""
        if not reading.first:
            self.each(pieces, rows, lambda row: pieces.retractions.append(retraction(row)))
        closed = [row for row in rows if outcome(row) is not None and not truth(row.get("IsDeleted"))]
        if not closed:
            return
        ids = [str(row.get("Id")) for row in closed]
        contacts = self._contacts(ids)
        times = stage_times(self.org.lookup(STAGES, "OpportunityHistory", "OpportunityId", ids))

        def add(row: Json) -> None:
            named = contacts.get(known_id(row.get("Id")), ())
            pieces.conversions.extend(conversions(row, named, times))

        self.each(pieces, closed, add)

    def _contacts(self, ids: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """Return opportunity → contacts: those with a role in it, and the one whose lead it came from."""
        found: dict[str, dict[str, None]] = {}
        links = [(row, "OpportunityId", "ContactId") for row in self._rows_of("OpportunityContactRole", ROLE, ids)]
        links += [(row, CONVERTED[1], CONVERTED[2]) for row in self._rows_of("Lead", CONVERTED, ids)]
        for row, opportunity, contact in links:
            try:
                found.setdefault(to_18(row.get(opportunity)), {})[to_18(row.get(contact))] = None
            except UnreadableError:
                # A role that was left empty, or a conversion without a contact.
                continue
        return {opportunity: list(named) for opportunity, named in found.items()}

    def _rows_of(self, source: str, names: Sequence[str], ids: Sequence[str]) -> list[Json]:
        return self.org.lookup(names, source, names[1], ids) if self.org.sees(source, *names) else []
