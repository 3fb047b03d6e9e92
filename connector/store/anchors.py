"""What people said of a person hangs on one of their records: where that goes, another of the person takes it up."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.tables import exclusions, overrides, records


def merge(connection: Connection, loser: int, survivor: int) -> None:
    """Let what hangs on a record that its CRM merged into another hang on that one."""
    for table in (overrides, exclusions):
        connection.execute(sa.update(table).where(table.c.record_id == loser).values(record_id=survivor))


def hand_over(connection: Connection, going: Collection[int]) -> None:
    """Let what hangs on records that are to be deleted hang on another record of the same lead, if it has one.

    Else it goes with them. To be called before they are deleted.
    """
    r, other = records.c, records.alias("other")
    gone = list(going)
    for table in (overrides, exclusions):
        rows = connection.execute(
            sa.select(table.c.record_id, sa.func.min(other.c.id).label("heir"))
            .join(records, r.id == table.c.record_id)
            .join(other, sa.and_(other.c.lead_id == r.lead_id, other.c.tenant_id == r.tenant_id))
            .where(table.c.record_id.in_(gone), other.c.id.not_in(gone))
            .group_by(table.c.record_id)
        )
        for row in rows.all():
            connection.execute(sa.update(table).where(table.c.record_id == row.record_id).values(record_id=row.heir))
