"""The outbox: values waiting to be written to a record; one row a record, newest wins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.bulk import upsert
from connector.store.tables import outbox, records
from connector.store.types import AnyRow


class OutboxStatus(StrEnum):
    """Where a record's values stand. ``SENDING`` after a crash means: nobody knows, ask the CRM."""

    PENDING = "pending"
    SENDING = "sending"
    DELIVERED = "delivered"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Parcel:
    """One record's values on their way. ``ledger_seq`` is the scored entry that they come from.

    ``marks`` are what the adapter asked to be kept when the record was last written.
    """

    record_id: int
    vendor_id: str
    lead_id: int | None
    ledger_seq: int
    attempts: int
    values: Mapping[str, Any]
    marks: Mapping[str, str] | None


def put(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Queue values (columns of ``outbox``); an older ledger entry never replaces a newer one."""
    refreshed = ("status", "ledger_seq", "due_at", "attempts", "message", "values")
    upsert(connection, outbox, rows, key=("record_id",), update=refreshed)


def delivered_values(connection: Connection, tenant_id: UUID) -> dict[int, Mapping[str, Any]]:
    """Return record id → the values that the CRM is known to hold."""
    query = sa.select(outbox.c.record_id, outbox.c.delivered).where(
        outbox.c.tenant_id == tenant_id, outbox.c.delivered.is_not(None)
    )
    return {row.record_id: row.delivered for row in connection.execute(query) if row.delivered}


def take(connection: Connection, connection_id: UUID, now: datetime, limit: int) -> Sequence[Parcel]:
    """Mark the next due rows of a connection as being sent and return them."""
    parcels = _select(connection, connection_id, OutboxStatus.PENDING, now, limit)
    ids = [parcel.record_id for parcel in parcels]
    if ids:
        connection.execute(sa.update(outbox).where(outbox.c.record_id.in_(ids)).values(status=OutboxStatus.SENDING))
    return parcels


def in_doubt(connection: Connection, connection_id: UUID, now: datetime, limit: int) -> Sequence[Parcel]:
    """Return rows that a lost worker was sending: the CRM may or may not hold them."""
    return _select(connection, connection_id, OutboxStatus.SENDING, now, limit)


def _select(
    connection: Connection, connection_id: UUID, status: OutboxStatus, now: datetime, limit: int
) -> Sequence[Parcel]:
    query = (
        sa.select(
            outbox.c.record_id,
            records.c.vendor_id,
            records.c.lead_id,
            outbox.c.ledger_seq,
            outbox.c.attempts,
            outbox.c["values"],
            outbox.c.marks,
        )
        .join(records, records.c.id == outbox.c.record_id)
        .where(outbox.c.connection_id == connection_id, outbox.c.status == status, outbox.c.due_at <= now)
        .order_by(outbox.c.due_at, outbox.c.record_id)
        .limit(limit)
    )
    return [Parcel(*row) for row in connection.execute(query)]


def delivered(connection: Connection, parcels: Sequence[Parcel], now: datetime) -> None:
    """Record that the CRM holds these values, unless newer ones were queued meanwhile."""
    if not parcels:
        return
    statement = (
        sa.update(outbox)
        .where(outbox.c.record_id == sa.bindparam("record"), outbox.c.ledger_seq == sa.bindparam("sent"))
        .values(
            status=OutboxStatus.DELIVERED,
            delivered=sa.bindparam("held", type_=outbox.c.delivered.type),
            delivered_at=now,
            message=None,
        )
    )
    rows = [{"record": item.record_id, "sent": item.ledger_seq, "held": dict(item.values)} for item in parcels]
    connection.execute(statement, rows)


def remark(connection: Connection, parcel: Parcel, message: str, marks: Mapping[str, str] | None) -> None:
    """Keep what the adapter says of a record that was written: a sentence for the admin, and its marks.

    ``marks`` None: those from before stay. They are about the record, whatever was queued for it meanwhile.
    """
    connection.execute(sa.update(outbox).where(_same(parcel)).values(message=message or None))
    if marks is not None:
        row = outbox.c.record_id == parcel.record_id
        connection.execute(sa.update(outbox).where(row).values(marks=dict(marks)))


def again(connection: Connection, parcel: Parcel, due_at: datetime, message: str | None) -> None:
    """Queue a row once more for ``due_at``."""
    values = {
        "status": OutboxStatus.PENDING,
        "due_at": due_at,
        "attempts": outbox.c.attempts + 1,
        "message": message,
    }
    connection.execute(sa.update(outbox).where(_same(parcel)).values(values))


def bury(connection: Connection, parcel: Parcel, message: str) -> None:
    """Make a row a dead letter, with the sentence for the admin."""
    values = {"status": OutboxStatus.DEAD, "message": message}
    connection.execute(sa.update(outbox).where(_same(parcel)).values(values))


def drop(connection: Connection, parcel: Parcel) -> None:
    """Forget a row whose record is gone from the CRM."""
    connection.execute(sa.delete(outbox).where(_same(parcel)))


def _same(parcel: Parcel) -> sa.ColumnElement[bool]:
    return sa.and_(outbox.c.record_id == parcel.record_id, outbox.c.ledger_seq == parcel.ledger_seq)


def next_due(connection: Connection, connection_id: UUID) -> datetime | None:
    """Return when the next waiting row may be sent."""
    where = sa.and_(outbox.c.connection_id == connection_id, outbox.c.status == OutboxStatus.PENDING)
    return connection.execute(sa.select(sa.func.min(outbox.c.due_at)).where(where)).scalar()


def counts(connection: Connection, connection_id: UUID) -> dict[str, int]:
    """Return status → number of rows of a connection."""
    return _counts(connection, outbox.c.connection_id == connection_id)


def counts_of_tenant(connection: Connection, tenant_id: UUID) -> dict[str, int]:
    """Return status → number of rows of all of a tenant's connections."""
    return _counts(connection, outbox.c.tenant_id == tenant_id)


def _counts(connection: Connection, where: sa.ColumnElement[bool]) -> dict[str, int]:
    query = sa.select(outbox.c.status, sa.func.count()).where(where).group_by(outbox.c.status)
    return {row[0]: row[1] for row in connection.execute(query)}


def dead_letters(connection: Connection, connection_id: UUID, limit: int) -> Sequence[AnyRow]:
    """Return (record id, vendor id, message) of rows that were given up."""
    query = (
        sa.select(outbox.c.record_id, records.c.vendor_id, outbox.c.message)
        .join(records, records.c.id == outbox.c.record_id)
        .where(outbox.c.connection_id == connection_id, outbox.c.status == OutboxStatus.DEAD)
        .order_by(outbox.c.record_id)
        .limit(limit)
    )
    return connection.execute(query).all()


def remarks(connection: Connection, connection_id: UUID, limit: int) -> Sequence[AnyRow]:
    """Return (record id, vendor id, message) of rows that were written with something left undone, newest first."""
    where = sa.and_(
        outbox.c.connection_id == connection_id,
        outbox.c.status == OutboxStatus.DELIVERED,
        outbox.c.message.is_not(None),
    )
    query = (
        sa.select(outbox.c.record_id, records.c.vendor_id, outbox.c.message)
        .join(records, records.c.id == outbox.c.record_id)
        .where(where)
        .order_by(outbox.c.delivered_at.desc(), outbox.c.record_id)
        .limit(limit)
    )
    return connection.execute(query).all()


def replay_dead(connection: Connection, connection_id: UUID, now: datetime) -> int:
    """Queue a connection's dead letters again; return how many."""
    where = sa.and_(outbox.c.connection_id == connection_id, outbox.c.status == OutboxStatus.DEAD)
    values = {"status": OutboxStatus.PENDING, "due_at": now, "attempts": 0}
    return connection.execute(sa.update(outbox).where(where).values(values)).rowcount


def delivered_of(connection: Connection, connection_id: UUID) -> dict[str, Mapping[str, Any]]:
    """Return vendor id → the values that a connection's CRM is known to hold."""
    query = (
        sa.select(records.c.vendor_id, outbox.c.delivered)
        .join(records, records.c.id == outbox.c.record_id)
        .where(outbox.c.connection_id == connection_id, outbox.c.delivered.is_not(None))
        .order_by(outbox.c.record_id)
    )
    return {row.vendor_id: row.delivered for row in connection.execute(query) if row.delivered}
