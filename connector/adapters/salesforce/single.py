"""Reading single leads and contacts again, as a webhook asks for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connector.adapters.pieces import Pieces
from connector.adapters.salesforce.history import Reading
from connector.adapters.salesforce.ids import OBJECTS, known_id, object_of, to_18
from connector.adapters.salesforce.org import Org
from connector.adapters.salesforce.streams.deleted import NAMES, removal
from connector.adapters.salesforce.streams.persons import (
    ContactReader,
    ConvertedLeadReader,
    LeadReader,
    PersonReader,
)
from connector.adapters.salesforce.values import truth
from connector.records import Page, Removal


class SingleReader:
    """Looks persons up by id. What became of those that are gone is asked of the recycle bin."""

    def __init__(self, org: Org) -> None:
        """Make no request."""
        self._org = org
        self._readers: Mapping[str, PersonReader] = {"Lead": LeadReader(org), "Contact": ContactReader(org)}
        self._converted = ConvertedLeadReader(org)

    def read(self, record_ids: Sequence[str]) -> Page:
        """Return the records among ``record_ids``, the survivors of the others, and removals."""
        pieces, reading = Pieces(), Reading(self._org.now(), first=False)
        asked = list(dict.fromkeys(record_ids))
        pieces.removals.extend(Removal(item, reading.now) for item in asked if object_of(item) is None)
        waiting = {to_18(item) for item in asked if object_of(item) is not None}
        done: set[str] = set()
        while waiting:
            for source in OBJECTS.values():
                self._read(source, sorted(item for item in waiting if object_of(item) == source), pieces, reading)
            done |= waiting
            waiting = {item.merged_into for item in pieces.removals if item.merged_into} - done
        # A survivor's own row names its losers too.
        pieces.removals = list({item.record_id: item for item in pieces.removals}.values())
        return pieces.page({}, drained=True)

    def _read(self, source: str, ids: Sequence[str], pieces: Pieces, reading: Reading) -> None:
        if not ids:
            return
        reader = self._readers[source]
        found = self._org.selecting(source, lambda: self._org.retrieve(source, ids, reader.names()))
        rows = [row for row in found if not truth(row.get("IsDeleted"))]
        reader.add(pieces, [row for row in rows if not truth(row.get("IsConverted"))], reading)
        self._converted.add(pieces, [row for row in rows if truth(row.get("IsConverted"))], reading)
        known = {known_id(row.get("Id")) for row in rows}
        pieces.removals.extend(self._ends(source, [item for item in ids if item not in known], reading))

    def _ends(self, source: str, ids: Sequence[str], reading: Reading) -> list[Removal]:
        """Return how each of the missing ended; one that is not even in the bin was deleted for good or is hidden."""
        ends = {item: Removal(item, reading.now) for item in ids}
        for row in self._org.lookup(NAMES, source, "Id", ids, deleted=True):
            end = removal(row)
            ends[end.record_id] = end
        return list(ends.values())
