"""The outbox: values waiting to be written to a record; one row a record, newest wins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.bulk import upsert
from connector.store.tables import outbox, records
from connector.store.types import AnyRow


class OutboxStatus(StrEnum):
    """Where a record's values stand.

    ``SENDING`` (``URGENT``: by the real-time lane) after a crash means: nobody knows, ask the CRM.
    """

    PENDING = "pending"
    SENDING = "sending"
    URGENT = "urgent"
    DELIVERED = "delivered"
    DEAD = "dead"


SENT = (OutboxStatus.SENDING, OutboxStatus.URGENT)
"""Where values stand that are being sent."""

UNDER_WAY = (OutboxStatus.PENDING, *SENT)
"""Where values stand that the CRM is to hold."""


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
    """Queue values (columns of ``outbox``); an older ledger entry never replaces a newer one.

    A row that is being sent waits until that is settled (``overtaken``): two writes at one time might arrive
    the wrong way round.
    """
    refreshed = ("status", "ledger_seq", "due_at", "attempts", "message", "values")
    upsert(connection, outbox, rows, key=("record_id",), update=refreshed, only=_newer, setting=_kept_while_sending)


def _newer(fresh: Any) -> sa.ColumnElement[bool]:
    later: sa.ColumnElement[bool] = fresh.ledger_seq > outbox.c.ledger_seq
    return later


def _kept_while_sending(fresh: Any) -> Mapping[str, Any]:
    return {name: sa.case((_being_sent(), outbox.c[name]), else_=fresh[name]) for name in ("status", "due_at")}


def _being_sent() -> sa.ColumnElement[bool]:
    # Not IN: a list can't be part of a statement for many rows.
    return sa.or_(*(outbox.c.status == state for state in SENT))


def expected_values(connection: Connection, record_ids: Sequence[int]) -> dict[int, Mapping[str, Any]]:
    """Return record id → the values that the CRM holds, or will hold once what waits has arrived."""
    c = outbox.c
    under_way = c.status.in_(UNDER_WAY).label("under_way")
    query = sa.select(c.record_id, c.delivered, c["values"], under_way).where(c.record_id.in_(record_ids))
    found = {row.record_id: row.values if row.under_way else row.delivered for row in _named(connection, query)}
    return {record: values for record, values in found.items() if values}


def _named(connection: Connection, query: sa.Select[Any]) -> Sequence[Any]:
    """Rows whose column ``values`` is not the method of that name."""
    return [SimpleNamespace(**row._mapping) for row in connection.execute(query)]


def take(connection: Connection, connection_id: UUID, now: datetime, limit: int) -> Sequence[Parcel]:
    """Mark the next due rows of a connection as being sent and return them."""
    parcels = _taking(connection, _select(connection_id, _pending(now), limit))
    return _mark(connection, parcels, {"status": OutboxStatus.SENDING})


def take_records(
    connection: Connection, connection_id: UUID, record_ids: Sequence[int], now: datetime, until: datetime
) -> Sequence[Parcel]:
    """Mark the due rows of these records as urgently being sent and return them.

    Nobody but the real-time lane asks what became of them before ``until``.
    """
    wanted = sa.and_(_pending(now), outbox.c.record_id.in_(record_ids))
    parcels = _taking(connection, _select(connection_id, wanted, len(record_ids)))
    return _mark(connection, parcels, {"status": OutboxStatus.URGENT, "due_at": until})


def _pending(now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(outbox.c.status == OutboxStatus.PENDING, outbox.c.due_at <= now)


def _taking(connection: Connection, query: sa.Select[Any]) -> Sequence[Parcel]:
    """Two deliveries at one time share the rows: each goes to one of them."""
    return _parcels(connection, query.with_for_update(of=outbox, skip_locked=True))


def _mark(connection: Connection, parcels: Sequence[Parcel], values: Mapping[str, Any]) -> Sequence[Parcel]:
    ids = [parcel.record_id for parcel in parcels]
    if ids:
        connection.execute(sa.update(outbox).where(outbox.c.record_id.in_(ids)).values(values))
    return parcels


def in_doubt(
    connection: Connection, connection_id: UUID, now: datetime, limit: int, *, urgent: bool = False
) -> Sequence[Parcel]:
    """Return rows that a lost worker was sending: the CRM may or may not hold them.

    ``urgent``: those of the real-time lane; else all others, and those of the lane that it does not come back for.
    """
    lane = outbox.c.status == OutboxStatus.URGENT
    lost = sa.and_(outbox.c.status.in_(SENT), outbox.c.due_at <= now)
    return _parcels(connection, _select(connection_id, lane if urgent else lost, limit))


def overtaken(connection: Connection, parcels: Sequence[Parcel], now: datetime) -> None:
    """Let rows that got newer values while these were sent be sent again, now that this is settled."""
    newer = (outbox.c.record_id == sa.bindparam("record"), outbox.c.ledger_seq > sa.bindparam("sent"))
    statement = sa.update(outbox).where(*newer, _being_sent())
    rows = [{"record": item.record_id, "sent": item.ledger_seq} for item in parcels]
    if rows:
        connection.execute(statement.values(status=OutboxStatus.PENDING, due_at=now), rows)


def _select(connection_id: UUID, wanted: sa.ColumnElement[bool], limit: int) -> sa.Select[Any]:
    return (
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
        .where(outbox.c.connection_id == connection_id, wanted)
        .order_by(outbox.c.due_at, outbox.c.record_id)
        .limit(limit)
    )


def _parcels(connection: Connection, query: sa.Select[Any]) -> Sequence[Parcel]:
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


def next_due(connection: Connection, connection_id: UUID, record_ids: Sequence[int] | None = None) -> datetime | None:
    """Return when the next waiting row (of ``record_ids``, if given) may be sent."""
    where = sa.and_(outbox.c.connection_id == connection_id, outbox.c.status == OutboxStatus.PENDING)
    if record_ids is not None:
        where = sa.and_(where, outbox.c.record_id.in_(record_ids))
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
