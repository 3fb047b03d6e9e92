"""How long each stretch took from what happened at a vendor to the new value there, a row a record that was scored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.bulk import Row
from connector.store.outbox import OutboxStatus
from connector.store.tables import connections, outbox, records, traces
from connector.store.types import AnyRow


class Ended(StrEnum):
    """What became of a record's new score. None so far: it is on its way."""

    DELIVERED = "delivered"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    HELD = "held"


def add(connection: Connection, rows: Sequence[Row]) -> None:
    """Add traces (columns of ``traces``)."""
    if rows:
        connection.execute(sa.insert(traces), list(rows))


_waiting = sa.and_(traces.c.connection_id == sa.bindparam("account"), traces.c.ended.is_(None))
_ON_THEIR_WAY = (
    sa.select(traces.c.record_id)
    .where(_waiting)
    .group_by(traces.c.record_id)
    .order_by(sa.func.min(traces.c.queued_at), traces.c.record_id)
    .limit(sa.bindparam("most"))
)
_state = sa.select(outbox.c.status).where(outbox.c.record_id == traces.c.record_id).scalar_subquery()
_held_since = sa.select(outbox.c.delivered_at).where(outbox.c.record_id == traces.c.record_id).scalar_subquery()
_given_up = sa.or_(_state.is_(None), _state == OutboxStatus.DEAD)
_SETTLE = (
    sa.update(traces)
    .where(_waiting, sa.or_(_state == OutboxStatus.DELIVERED, _given_up))
    .values(
        ended=sa.case((_state == OutboxStatus.DELIVERED, Ended.DELIVERED), else_=Ended.REFUSED),
        delivered_at=sa.case(
            (
                _state == OutboxStatus.DELIVERED,
                sa.func.coalesce(_held_since, sa.bindparam("now", type_=traces.c.delivered_at.type)),
            ),
            else_=traces.c.delivered_at,
        ),
    )
)
_LET_GO = (
    sa.update(traces)
    .where(_waiting, traces.c.record_id.in_(sa.bindparam("records", expanding=True)))
    .values(ended=Ended.HELD)
)
"""Made once: needed in every turn of the real-time lane."""


def waiting(connection: Connection, connection_id: UUID, limit: int) -> Sequence[int]:
    """Return records whose new values are on their way, the longest waiting first."""
    return list(connection.execute(_ON_THEIR_WAY, {"account": connection_id, "most": limit}).scalars())


def settle(connection: Connection, connection_id: UUID, now: datetime) -> None:
    """End the traces of records whose values arrived, were refused, or are no longer to be written."""
    connection.execute(_SETTLE, {"account": connection_id, "now": now})


def let_go(connection: Connection, connection_id: UUID, record_ids: Sequence[int]) -> None:
    """End the traces of these records as held: their values are not to be written at this time."""
    connection.execute(_LET_GO, {"account": connection_id, "records": list(record_ids)})


def any_before(connection: Connection, before: datetime) -> bool:
    """Tell whether there are traces of before."""
    return connection.execute(
        sa.select(sa.select(traces.c.id).where(traces.c.queued_at < before).exists())
    ).scalar_one()


def prune(connection: Connection, before: datetime) -> int:
    """Delete traces of before; return how many."""
    return connection.execute(sa.delete(traces).where(traces.c.queued_at < before)).rowcount


def newest(connection: Connection, connection_id: UUID, limit: int) -> Sequence[AnyRow]:
    """Return a connection's newest traces."""
    query = sa.select(traces).where(traces.c.connection_id == connection_id)
    return connection.execute(query.order_by(traces.c.queued_at.desc(), traces.c.id.desc()).limit(limit)).all()


def of_lead(connection: Connection, tenant_id: UUID, lead_id: int) -> AnyRow | None:
    """Return a lead's newest trace, if there is one; of its records the one whose value arrived first."""
    mine = sa.and_(traces.c.tenant_id == tenant_id, records.c.lead_id == lead_id)
    query = sa.select(traces).join(records, records.c.id == traces.c.record_id).where(mine)
    order = (traces.c.queued_at.desc(), traces.c.delivered_at.is_(None), traces.c.delivered_at, traces.c.id)
    return connection.execute(query.order_by(*order).limit(1)).one_or_none()


def ways(connection: Connection, tenant_id: UUID, since: datetime, limit: int) -> Sequence[AnyRow]:
    """Return (received_at, delivered_at) of a tenant's newest traces since then whose values arrived (delivered_at is
    null where they are still on their way)."""
    c = traces.c
    there = sa.or_(c.ended == Ended.DELIVERED, c.ended.is_(None))
    mine = sa.select(connections.c.id).where(connections.c.tenant_id == tenant_id)
    query = sa.select(c.received_at, c.delivered_at).where(
        c.tenant_id == tenant_id, c.connection_id.in_(mine), c.queued_at >= since, there
    )
    return connection.execute(query.order_by(c.queued_at.desc(), c.id.desc()).limit(limit)).all()
