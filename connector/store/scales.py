"""Values of the outbox on another scale than the tenant's: those that wait, and those that CRMs hold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.records import Scale
from connector.store.outbox import OutboxStatus
from connector.store.tables import outbox
from connector.store.types import AnyRow


def page(connection: Connection, connection_id: UUID, after: int, limit: int) -> Sequence[AnyRow]:
    """Return (record_id, values) of an account's next rows behind a record, locked in the order of their records."""
    query = (
        sa.select(outbox.c.record_id, outbox.c["values"])
        .where(outbox.c.connection_id == connection_id, outbox.c.record_id > after)
        .order_by(outbox.c.record_id)
        .limit(limit)
    )
    return connection.execute(query.with_for_update()).all()


def put_on(connection: Connection, rows: Sequence[AnyRow], scale: Scale, now: datetime) -> int:
    """Let rows of :func:`page` be written on a scale, the scores that CRMs hold as well; return how many were not.

    What is under way goes on as it was sent, and follows once it is answered; what was refused, or left to who
    overwrote it, waits on the new scale as it waited before.
    """
    others = [row for row in rows if row.values.get("scale", Scale.HUNDRED) != scale]
    if others:
        given = [{"record": row.record_id, "meant": {**row.values, "scale": scale}, "now": now} for row in others]
        connection.execute(_PUT_ON, given)
    return len(others)


_at_rest = outbox.c.status == OutboxStatus.DELIVERED
_PUT_ON: sa.Update = (
    sa.update(outbox)
    .where(outbox.c.record_id == sa.bindparam("record"))
    .values(
        {
            "values": sa.bindparam("meant", type_=outbox.c["values"].type),
            "status": sa.case((_at_rest, OutboxStatus.PENDING), else_=outbox.c.status),
            "due_at": sa.case((_at_rest, sa.bindparam("now", type_=outbox.c.due_at.type)), else_=outbox.c.due_at),
        }
    )
)
