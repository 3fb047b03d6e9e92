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
from functools import cache
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.outbox import DOUBTFUL, OutboxStatus
from connector.store.tables import outbox, records
from connector.store.types import BigId, UtcTime


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
    statements = _due_statements(wanted.written_before, wanted.record_ids is not None)
    return _claim(connection, statements, connection_id, wanted, (now, until))


def claim_doubtful(
    connection: Connection, connection_id: UUID, wanted: Wanted, now: datetime, until: datetime
) -> Claim:
    """Take rows of which nobody knows whether the CRM holds what was sent: it is to be asked."""
    statements = _doubtful_statements(wanted.record_ids is not None)
    return _claim(connection, statements, connection_id, wanted, (now, until))


def any_doubtful(connection: Connection, connection_id: UUID, wanted: Wanted, now: datetime) -> bool:
    """Whether there is such a row, without taking it."""
    query = _ANY_DOUBTFUL if wanted.record_ids is None else _ANY_DOUBTFUL_OF
    return connection.execute(query, _asked(connection_id, wanted, now)).first() is not None


_ACCOUNT = sa.bindparam("account", type_=sa.Uuid())
_NOW, _UNTIL = sa.bindparam("now", type_=UtcTime()), sa.bindparam("until", type_=UtcTime())
_TOKEN = sa.bindparam("token", type_=sa.Uuid())
_THOSE, _IDS = (sa.bindparam(name, type_=BigId, expanding=True) for name in ("those", "ids"))


def _asked(connection_id: UUID, wanted: Wanted, now: datetime) -> dict[str, Any]:
    asked: dict[str, Any] = {"account": connection_id, "now": now}
    return asked if wanted.record_ids is None else {**asked, "those": list(wanted.record_ids)}


_DOUBTFUL = sa.and_(
    outbox.c.connection_id == _ACCOUNT,
    outbox.c.status.in_(DOUBTFUL),
    sa.or_(outbox.c.leased_until.is_(None), outbox.c.leased_until < _NOW),
)
_ANY_DOUBTFUL = sa.select(outbox.c.record_id).where(_DOUBTFUL).limit(1)
_ANY_DOUBTFUL_OF = _ANY_DOUBTFUL.where(outbox.c.record_id.in_(_THOSE))
"""Made once, as all statements here: asked before every delivery, and nearly always in vain."""


@dataclass(frozen=True, slots=True)
class _Statements:
    """What finds rows to be held, what holds them, and what reads them."""

    find: sa.Select[Any]
    hold: sa.Update
    read: sa.Select[Any]


@cache
def _due_statements(written_before: bool, named: bool) -> _Statements:
    where = sa.and_(
        outbox.c.connection_id == _ACCOUNT,
        outbox.c.status == OutboxStatus.PENDING,
        outbox.c.due_at <= _NOW,
        *([outbox.c.delivered_at.is_not(None)] if written_before else []),
        *([outbox.c.record_id.in_(_THOSE)] if named else []),
    )
    taken = {
        "status": OutboxStatus.SENDING,
        "sent": outbox.c["values"],
        "sent_seq": outbox.c.ledger_seq,
    }
    return _statements(where, taken, (outbox.c.priority.desc(), outbox.c.due_at, outbox.c.record_id))


@cache
def _doubtful_statements(named: bool) -> _Statements:
    where = sa.and_(_DOUBTFUL, *([outbox.c.record_id.in_(_THOSE)] if named else []))
    return _statements(where, {}, (outbox.c.record_id,))


def _statements(
    where: sa.ColumnElement[bool], taken: Mapping[str, Any], order: Sequence[sa.ColumnElement[Any]]
) -> _Statements:
    # Rows that another delivery is just taking are passed over, not waited for; the condition is asked again in
    # the update itself.
    found = sa.select(outbox.c.record_id).where(where).order_by(*order).limit(sa.bindparam("most", type_=sa.Integer()))
    held = sa.update(outbox).where(outbox.c.record_id.in_(_IDS), where)
    parcels = (
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
        .where(outbox.c.record_id.in_(_IDS), outbox.c.claim == _TOKEN)
        .order_by(*order)
    )
    return _Statements(
        found.with_for_update(skip_locked=True), held.values(claim=_TOKEN, leased_until=_UNTIL, **taken), parcels
    )


def _claim(
    connection: Connection,
    statements: _Statements,
    connection_id: UUID,
    wanted: Wanted,
    span: tuple[datetime, datetime],
) -> Claim:
    """``span``: now, and until when the rows are to be held."""
    now, until = span
    asked, token = _asked(connection_id, wanted, now), uuid4()
    ids = list(connection.execute(statements.find, {**asked, "most": wanted.limit}).scalars())
    if not ids:
        return Claim(token, ())
    connection.execute(statements.hold, {**asked, "ids": ids, "token": token, "until": until})
    return Claim(token, [Parcel(*row) for row in connection.execute(statements.read, {"ids": ids, "token": token})])


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
