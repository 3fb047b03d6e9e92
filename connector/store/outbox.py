"""The outbox: values waiting to be written to a record; one row a record, newest wins.

How deliveries share its rows is in ``connector.store.claims``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.bulk import Merge, upsert
from connector.store.tables import connections, outbox, records
from connector.store.types import AnyRow, UtcTime

BULK, REALTIME = 0, 1
"""Priorities: the higher is taken first."""

DEAD_FOR = timedelta(days=1)
"""For so long new values of a record that the CRM refused wait for the admin; then they are tried by themselves."""


class OutboxStatus(StrEnum):
    """Where a record's values stand.

    ``SENDING``: under way, or in doubt once the lease ran out. ``SUSPECT``: the CRM seems to hold another value than
    we wrote, and is to be asked. ``RESPECTED``: somebody overwrote our value, and it is left to them.
    """

    PENDING = "pending"
    SENDING = "sending"
    DELIVERED = "delivered"
    DEAD = "dead"
    SUSPECT = "suspect"
    RESPECTED = "respected"


DOUBTFUL = (OutboxStatus.SENDING, OutboxStatus.SUSPECT)
"""Of such a row nobody knows what the CRM holds, unless its claim is still held."""


def put(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Queue values (columns of ``outbox``); an older score never replaces a newer one, whoever comes last.

    Newer is what was scored as of a later instant, and of the same instant the later entry of the ledger. Values of
    a row that is under way, in doubt, left to its overwriter (as long as the tier stays) or was refused today wait in
    it without being sent.
    """
    made = [
        {"priority": BULK, **row, "as_of": datetime.fromisoformat(row["values"]["updated_at"])}
        for row in sorted(rows, key=lambda row: int(row["record_id"]))
    ]
    if made:
        given_up = max(row["due_at"] for row in made) - DEAD_FOR
        upsert(connection, outbox, made, key=("record_id",), where=_newer, merge=Merge(_merged, {"given_up": given_up}))


def _newer(new: Any) -> sa.ColumnElement[bool]:
    old = outbox.c
    later = sa.or_(old.as_of.is_(None), new.as_of > old.as_of)
    return sa.or_(later, sa.and_(new.as_of == old.as_of, new.ledger_seq > old.ledger_seq))


def _merged(new: Any) -> Mapping[str, Any]:
    """Who was refused after the parameter ``given_up`` is still a dead letter."""
    old, given_up = outbox.c, sa.bindparam("given_up", type_=UtcTime())
    same_tier = old["values"]["tier"].as_string() == new["values"]["tier"].as_string()
    left = sa.and_(old.status == OutboxStatus.RESPECTED, same_tier)
    ended = sa.and_(old.status == OutboxStatus.RESPECTED, ~same_tier)
    refused = sa.and_(old.status == OutboxStatus.DEAD, old.failed_at > given_up)
    if_waiting = sa.or_(*(old.status == status for status in DOUBTFUL), left, refused)
    # A pause after a failure is about the record, not about the value.
    pausing = sa.and_(old.status == OutboxStatus.PENDING, old.attempts > 0)
    return {
        "status": sa.case((if_waiting, old.status), else_=new.status),
        "ledger_seq": new.ledger_seq,
        "as_of": new.as_of,
        "values": new["values"],
        "due_at": sa.case((pausing, old.due_at), else_=new.due_at),
        "attempts": sa.case((pausing, old.attempts), else_=new.attempts),
        "message": sa.case((sa.or_(pausing, if_waiting), old.message), else_=new.message),
        "priority": sa.case((old.priority > new.priority, old.priority), else_=new.priority),
        "overwritten_at": sa.case((ended, sa.null()), else_=old.overwritten_at),
    }


def disown(connection: Connection, record_ids: Sequence[int]) -> None:
    """Let any score of their persons replace what is queued for records that became other persons'.

    Which of two scores is the newer one is asked of one person's only.
    """
    mine = sa.select(outbox.c.record_id).where(outbox.c.record_id.in_(record_ids)).order_by(outbox.c.record_id)
    # In the order in which everybody locks them, so that no two wait for each other.
    found = list(connection.execute(mine.with_for_update()).scalars())
    if found:
        connection.execute(sa.update(outbox).where(outbox.c.record_id.in_(found)).values(as_of=None))


@dataclass(frozen=True, slots=True)
class Expected:
    """The values that a record holds in its CRM, or (``waits``) will hold once what waits has arrived."""

    values: Mapping[str, Any]
    waits: bool


def expected_values(connection: Connection, record_ids: Sequence[int]) -> dict[int, Expected]:
    """Return what is expected of records; without those of which nobody is sure.

    These are the records that were refused, or that somebody seems to have overwritten.
    """
    rows = connection.execute(_EXPECTED, {"those": list(record_ids)})
    found = {row.record_id: _expected(row) for row in rows}
    return {record_id: expected for record_id, expected in found.items() if expected.values}


def _expected(row: AnyRow) -> Expected:
    waits = row.status != OutboxStatus.DELIVERED
    return Expected(row.queued if waits else row.delivered, waits)


_EXPECTED = sa.select(
    outbox.c.record_id, outbox.c.status, outbox.c.delivered, outbox.c["values"].label("queued")
).where(
    outbox.c.record_id.in_(sa.bindparam("those", expanding=True)),
    outbox.c.status.in_((OutboxStatus.DELIVERED, OutboxStatus.PENDING, OutboxStatus.SENDING)),
)


def was_written(connection: Connection, record_id: int) -> bool:
    """Whether a record's CRM ever held values of ours."""
    query = sa.select(outbox.c.record_id).where(outbox.c.record_id == record_id, outbox.c.delivered_at.is_not(None))
    return connection.execute(query).first() is not None


def counts(connection: Connection, connection_id: UUID) -> dict[str, int]:
    """Return status → number of rows of a connection."""
    return _counts(connection, outbox.c.connection_id == connection_id)


def waiting(counted: Mapping[str, int]) -> int:
    """Return how many rows of these (status → number) hold a value that is not known to have arrived."""
    return sum(counted.get(status, 0) for status in (OutboxStatus.PENDING, *DOUBTFUL))


def counts_of_tenant(connection: Connection, tenant_id: UUID) -> dict[str, int]:
    """Return status → number of rows of all of a tenant's connections."""
    # By their connections, for which there is an index that tells the status as well.
    theirs = sa.select(connections.c.id).where(connections.c.tenant_id == tenant_id)
    return _counts(connection, outbox.c.connection_id.in_(theirs))


def _counts(connection: Connection, where: sa.ColumnElement[bool]) -> dict[str, int]:
    query = sa.select(outbox.c.status, sa.func.count()).where(where).group_by(outbox.c.status)
    return {row[0]: row[1] for row in connection.execute(query)}


def count_delivered(connection: Connection, connection_id: UUID, record_ids: Sequence[int]) -> int:
    """Return how many of these records hold the newest values that were queued for them."""
    asked = {"account": connection_id, "those": list(record_ids)}
    return connection.execute(_DELIVERED, asked).scalar_one()


_DELIVERED = (
    sa.select(sa.func.count())
    .select_from(outbox)
    .where(
        outbox.c.connection_id == sa.bindparam("account"),
        outbox.c.record_id.in_(sa.bindparam("those", expanding=True)),
        outbox.c.status == OutboxStatus.DELIVERED,
    )
)


def reached(connection: Connection, connection_id: UUID) -> int:
    """Return how many records of a connection were written at least once, or are just being written."""
    ever = sa.or_(outbox.c.delivered_at.is_not(None), outbox.c.status == OutboxStatus.SENDING)
    where = sa.and_(outbox.c.connection_id == connection_id, ever)
    return connection.execute(sa.select(sa.func.count()).select_from(outbox).where(where)).scalar_one()


def next_due(
    connection: Connection, connection_id: UUID, *, written_before: bool, record_ids: Sequence[int] | None
) -> datetime | None:
    """Return when the next waiting row may be sent, of those that a delivery may take."""
    return _earliest(connection, _next_due(written_before, record_ids is not None), connection_id, record_ids)


@cache
def _next_due(written_before: bool, named: bool) -> sa.Select[Any]:
    written = [outbox.c.delivered_at.is_not(None)] if written_before else []
    return _first(outbox.c.due_at, OutboxStatus.PENDING, named).where(*written)


def next_doubt(connection: Connection, connection_id: UUID, record_ids: Sequence[int] | None) -> datetime | None:
    """Return when the first of the rows that are under way is given up, unless it is answered or held longer."""
    return _earliest(connection, _next_doubt(record_ids is not None), connection_id, record_ids)


@cache
def _next_doubt(named: bool) -> sa.Select[Any]:
    return _first(sa.func.coalesce(outbox.c.leased_until, outbox.c.due_at), OutboxStatus.SENDING, named)


def _first(column: sa.ColumnElement[Any], status: OutboxStatus, named: bool) -> sa.Select[Any]:
    among = [outbox.c.record_id.in_(sa.bindparam("those", expanding=True))] if named else []
    mine = outbox.c.connection_id == sa.bindparam("account")
    return sa.select(sa.func.min(column)).where(mine, outbox.c.status == status, *among)


def _earliest(
    connection: Connection, query: sa.Select[Any], connection_id: UUID, record_ids: Sequence[int] | None
) -> datetime | None:
    those = {} if record_ids is None else {"those": list(record_ids)}
    found: datetime | None = connection.execute(query, {"account": connection_id, **those}).scalar()
    return found


def dead_letters(connection: Connection, connection_id: UUID, limit: int) -> Sequence[AnyRow]:
    """Return (record_id, vendor_id, message, failing_since, failed_at, failures) of refused rows, the newest first."""
    c = outbox.c
    query = (
        sa.select(c.record_id, records.c.vendor_id, c.message, c.failing_since, c.failed_at, c.failures)
        .join(records, records.c.id == c.record_id)
        .where(c.connection_id == connection_id, c.status == OutboxStatus.DEAD)
        .order_by(c.failed_at.desc(), c.record_id)
        .limit(limit)
    )
    return connection.execute(query).all()


def replay_dead(connection: Connection, connection_id: UUID, now: datetime, record_id: int | None = None) -> int:
    """Queue a connection's dead letters again (None: all of them); return how many."""
    where = [outbox.c.connection_id == connection_id, outbox.c.status == OutboxStatus.DEAD]
    if record_id is not None:
        where.append(outbox.c.record_id == record_id)
    values = {"status": OutboxStatus.PENDING, "due_at": now, "attempts": 0, "priority": REALTIME}
    return connection.execute(sa.update(outbox).where(*where).values(values)).rowcount


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


def delivered_of(connection: Connection, connection_id: UUID) -> dict[str, Mapping[str, Any]]:
    """Return vendor id → the values that a connection's CRM is known to hold."""
    query = (
        sa.select(records.c.vendor_id, outbox.c.delivered)
        .join(records, records.c.id == outbox.c.record_id)
        .where(outbox.c.connection_id == connection_id, outbox.c.delivered_at.is_not(None))
        .order_by(outbox.c.record_id)
    )
    return {row.vendor_id: row.delivered for row in connection.execute(query) if row.delivered}
