"""Who holds which rows of the outbox.

A delivery takes rows by a conditional update, under a claim of its own and a lease. Only the holder of the claim
records an answer. So several deliveries of one account run side by side, and nobody's row is written by two. While
a row is on its way newer values wait in it: a record never has two writes under way.

What became of a row whose lease ran out nobody knows: it is in doubt, and the CRM is asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.outbox import DOUBTFUL, OutboxStatus
from connector.store.tables import outbox, records


@dataclass(frozen=True, slots=True)
class Parcel:
    """One record's values on their way. ``ledger_seq`` is the scored entry that they come from.

    ``marks`` are what the adapter asked to be kept when the record was last written; ``delivered`` is what the CRM
    is known to hold, if that is known.
    """

    record_id: int
    vendor_id: str
    lead_id: int | None
    ledger_seq: int
    attempts: int
    values: Mapping[str, Any]
    marks: Mapping[str, str] | None
    delivered: Mapping[str, Any] | None = None
    suspect: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """Rows that one delivery holds; ``token`` proves it."""

    token: UUID
    parcels: Sequence[Parcel]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of a connection's waiting rows a delivery may take.

    ``written_before``: only records that were written at least once. ``record_ids`` None: of any record.
    """

    limit: int
    written_before: bool = False
    record_ids: Sequence[int] | None = None


def claim(connection: Connection, connection_id: UUID, wanted: Wanted, now: datetime, until: datetime) -> Claim:
    """Take the next due rows of a connection, real-time ones first, and hold them ``until`` then."""
    where = [outbox.c.connection_id == connection_id, outbox.c.status == OutboxStatus.PENDING, outbox.c.due_at <= now]
    if wanted.written_before:
        where.append(outbox.c.delivered_at.is_not(None))
    if wanted.record_ids is not None:
        where.append(outbox.c.record_id.in_(wanted.record_ids))
    taken = {
        "status": OutboxStatus.SENDING,
        "sent": outbox.c["values"],
        "sent_seq": outbox.c.ledger_seq,
    }
    order = (outbox.c.priority.desc(), outbox.c.due_at, outbox.c.record_id)
    return _claim(connection, sa.and_(*where), taken, order, wanted.limit, until)


def claim_doubtful(
    connection: Connection, connection_id: UUID, wanted: Wanted, now: datetime, until: datetime
) -> Claim:
    """Take rows of which nobody knows whether the CRM holds what was sent: it is to be asked."""
    doubtful = _doubtful(connection_id, wanted, now)
    return _claim(connection, doubtful, {}, (outbox.c.record_id,), wanted.limit, until)


def any_doubtful(connection: Connection, connection_id: UUID, wanted: Wanted, now: datetime) -> bool:
    """Whether there is such a row, without taking it."""
    asked: dict[str, Any] = {"account": connection_id, "now": now}
    if wanted.record_ids is None:
        return connection.execute(_ANY_DOUBTFUL, asked).first() is not None
    return connection.execute(_ANY_DOUBTFUL_OF, {**asked, "those": list(wanted.record_ids)}).first() is not None


def _doubtful(connection_id: UUID, wanted: Wanted, now: datetime) -> sa.ColumnElement[bool]:
    free = sa.or_(outbox.c.leased_until.is_(None), outbox.c.leased_until < now)
    where = [outbox.c.connection_id == connection_id, outbox.c.status.in_(DOUBTFUL), free]
    if wanted.record_ids is not None:
        where.append(outbox.c.record_id.in_(wanted.record_ids))
    return sa.and_(*where)


_ANY_DOUBTFUL = (
    sa.select(outbox.c.record_id)
    .where(
        outbox.c.connection_id == sa.bindparam("account"),
        outbox.c.status.in_(DOUBTFUL),
        sa.or_(outbox.c.leased_until.is_(None), outbox.c.leased_until < sa.bindparam("now")),
    )
    .limit(1)
)
_ANY_DOUBTFUL_OF = _ANY_DOUBTFUL.where(outbox.c.record_id.in_(sa.bindparam("those", expanding=True)))
"""Made once: asked before every delivery, and nearly always in vain."""


def _claim(
    connection: Connection,
    where: sa.ColumnElement[bool],
    taken: Mapping[str, Any],
    order: Sequence[sa.ColumnElement[Any]],
    limit: int,
    until: datetime,
) -> Claim:
    # Rows that another delivery is just taking are passed over, not waited for; the condition is asked again in
    # the update itself.
    query = sa.select(outbox.c.record_id).where(where).order_by(*order).limit(limit)
    ids = list(connection.execute(query.with_for_update(skip_locked=True)).scalars())
    token = uuid4()
    if not ids:
        return Claim(token, ())
    row = sa.and_(outbox.c.record_id.in_(ids), where)
    connection.execute(sa.update(outbox).where(row).values(claim=token, leased_until=until, **taken))
    return Claim(token, _parcels(connection, token, ids, order))


def _parcels(
    connection: Connection, token: UUID, ids: Sequence[int], order: Sequence[sa.ColumnElement[Any]]
) -> Sequence[Parcel]:
    query = (
        sa.select(
            outbox.c.record_id,
            records.c.vendor_id,
            records.c.lead_id,
            outbox.c.sent_seq,
            outbox.c.attempts,
            outbox.c.sent,
            outbox.c.marks,
            outbox.c.delivered,
            outbox.c.status == OutboxStatus.SUSPECT,
        )
        .join(records, records.c.id == outbox.c.record_id)
        .where(outbox.c.record_id.in_(ids), outbox.c.claim == token)
        .order_by(*order)
    )
    return [Parcel(*row) for row in connection.execute(query)]


def renew(connection: Connection, connection_id: UUID, token: UUID, until: datetime) -> None:
    """Hold the rows of a claim longer."""
    where = sa.and_(outbox.c.connection_id == connection_id, outbox.c.status.in_(DOUBTFUL), outbox.c.claim == token)
    _lock(connection, where)
    connection.execute(sa.update(outbox).where(where).values(leased_until=until))


def held(connection: Connection, token: UUID, parcels: Sequence[Parcel]) -> set[int]:
    """Return the records of ``parcels`` that the claim still holds; their rows stay locked until the transaction ends.

    Whoever changes rows of a claim asks this first: it is the fence.
    """
    asked = {"those": [item.record_id for item in parcels], "token": token}
    return set(connection.execute(_HELD, asked).scalars())


_HELD = (
    sa.select(outbox.c.record_id)
    .where(outbox.c.record_id.in_(sa.bindparam("those", expanding=True)), outbox.c.claim == sa.bindparam("token"))
    .order_by(outbox.c.record_id)
    .with_for_update()
)


def _lock(connection: Connection, where: sa.ColumnElement[bool]) -> set[int]:
    """Lock rows in the order in which everybody locks them, so that no two wait for each other."""
    query = sa.select(outbox.c.record_id).where(where).order_by(outbox.c.record_id).with_for_update()
    return set(connection.execute(query).scalars())


def release(connection: Connection, token: UUID, parcels: Sequence[Parcel]) -> None:
    """Give up rows that were sent and not answered: they are in doubt from now on."""
    where = sa.and_(outbox.c.record_id.in_([item.record_id for item in parcels]), outbox.c.claim == token)
    _lock(connection, where)
    connection.execute(sa.update(outbox).where(where).values(claim=None, leased_until=None))
