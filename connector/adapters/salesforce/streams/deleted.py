"""Deleted and merged leads and contacts, as long as the recycle bin holds them (15 days)."""

from __future__ import annotations

from collections.abc import Sequence

from connector.adapters.pieces import Pieces
from connector.adapters.salesforce.history import Reading
from connector.adapters.salesforce.ids import to_18
from connector.adapters.salesforce.org import Org
from connector.adapters.salesforce.streams.base import Reader
from connector.adapters.salesforce.values import Json, moment, text
from connector.records import Removal, Stream

NAMES = ("Id", "MasterRecordId", "SystemModstamp")


class DeletedReader(Reader):
    """Removals of one object; the loser of a merge names the winner."""

    deleted = True
    counted = False

    def __init__(self, org: Org, source: str, stream: Stream) -> None:
        """Make no request."""
        super().__init__(org)
        self.source = source
        self.stream = stream

    def wanted(self) -> Sequence[str]:
        """Return what a removal is made from."""
        return self.org.having(self.source, NAMES)

    def conditions(self) -> list[str]:
        """Read nothing else."""
        return ["IsDeleted = true"]

    def add(self, pieces: Pieces, rows: Sequence[Json], reading: Reading) -> None:
        """Add removals."""
        self.each(pieces, rows, lambda row: pieces.removals.append(removal(row)))


def removal(row: Json) -> Removal:
    """Return the end of a record that is in the recycle bin."""
    master = text(row.get("MasterRecordId"))
    at = moment(row.get("SystemModstamp"), "the deletion date")
    return Removal(to_18(row.get("Id")), at, merged_into=to_18(master) if master else None)
