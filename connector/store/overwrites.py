"""Our values in the CRM as others leave them: looked at, overwritten, left alone, written again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.answers import in_question
from connector.store.outbox import OutboxStatus
from connector.store.tables import outbox, records
from connector.store.types import AnyRow


def suspect(connection: Connection, seen: Mapping[int, int]) -> int:
    """Let the CRM be asked about records (record id → ``ledger_seq`` of the values that it does not seem to hold)."""
    count = 0
    for record_id, ledger_seq in sorted(seen.items()):
        row = sa.and_(outbox.c.record_id == record_id, outbox.c.ledger_seq == ledger_seq)
        at_rest = sa.and_(row, outbox.c.status == OutboxStatus.DELIVERED)
        statement = sa.update(outbox).where(at_rest).values(in_question(OutboxStatus.SUSPECT))
        count += connection.execute(statement).rowcount
    return count


def sample(connection: Connection, connection_id: UUID, count: int) -> Sequence[AnyRow]:
    """Return (record_id, vendor_id, ledger_seq, delivered) of random records whose values are at rest in the CRM.

    Those that were written with something left undone are not among them: they differ by intention.
    """
    query = (
        sa.select(outbox.c.record_id, records.c.vendor_id, outbox.c.ledger_seq, outbox.c.delivered)
        .join(records, records.c.id == outbox.c.record_id)
        .where(outbox.c.connection_id == connection_id, _at_rest())
        .order_by(sa.func.random())
        .limit(count)
    )
    return connection.execute(query).all()


def at_rest_of(connection: Connection, connection_id: UUID, vendor_ids: Sequence[str]) -> Sequence[AnyRow]:
    """Return (record_id, vendor_id, ledger_seq, delivered, delivered_at) of those named whose values are at rest."""
    return connection.execute(_AT_REST_OF, {"account": connection_id, "named": list(vendor_ids)}).all()


def _at_rest() -> sa.ColumnElement[bool]:
    written = sa.and_(outbox.c.status == OutboxStatus.DELIVERED, outbox.c.delivered_at.is_not(None))
    return sa.and_(written, outbox.c.message.is_(None))


_AT_REST_OF = (
    sa.select(outbox.c.record_id, records.c.vendor_id, outbox.c.ledger_seq, outbox.c.delivered, outbox.c.delivered_at)
    .join(records, records.c.id == outbox.c.record_id)
    .where(
        records.c.connection_id == sa.bindparam("account"),
        records.c.vendor_id.in_(sa.bindparam("named", expanding=True)),
        _at_rest(),
    )
)
"""Made once: asked for every page."""


def left_alone(connection: Connection, connection_id: UUID, limit: int) -> Sequence[AnyRow]:
    """Return (record_id, vendor_id, lead_id, overwritten_at) of values left to who overwrote them, newest first."""
    c = outbox.c
    query = (
        sa.select(c.record_id, records.c.vendor_id, records.c.lead_id, c.overwritten_at)
        .join(records, records.c.id == c.record_id)
        .where(c.connection_id == connection_id, c.status == OutboxStatus.RESPECTED)
        .order_by(c.overwritten_at.desc(), c.record_id)
        .limit(limit)
    )
    return connection.execute(query).all()


def restored(connection: Connection, connection_id: UUID) -> int:
    """Return how many of a connection's records have our value again, or get it, after somebody overwrote it."""
    ours = sa.and_(outbox.c.overwritten_at.is_not(None), outbox.c.status != OutboxStatus.RESPECTED)
    query = sa.select(sa.func.count()).select_from(outbox).where(outbox.c.connection_id == connection_id, ours)
    return connection.execute(query).scalar_one()


def left_alone_of(connection: Connection, tenant_id: UUID, lead_id: int) -> dict[int, datetime | None]:
    """Return record id → since when, of a lead's records whose value is left to who overwrote it."""
    query = (
        sa.select(outbox.c.record_id, outbox.c.overwritten_at)
        .join(records, records.c.id == outbox.c.record_id)
        .where(outbox.c.tenant_id == tenant_id, records.c.lead_id == lead_id)
        .where(outbox.c.status == OutboxStatus.RESPECTED)
    )
    return {row.record_id: row.overwritten_at for row in connection.execute(query)}


def reset(connection: Connection, connection_id: UUID, now: datetime, record_id: int | None = None) -> int:
    """Queue our values again where they were left to who overwrote them (None: all); return how many."""
    where = [outbox.c.connection_id == connection_id, outbox.c.status == OutboxStatus.RESPECTED]
    if record_id is not None:
        where.append(outbox.c.record_id == record_id)
    values = {"status": OutboxStatus.PENDING, "due_at": now, "attempts": 0, "overwritten_at": None}
    return connection.execute(sa.update(outbox).where(*where).values(values)).rowcount
