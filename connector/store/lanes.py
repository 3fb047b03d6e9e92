"""The real-time lane's list of work: a row a connection and kind. A row is the truth, a message only wakes a worker.

Lease and fence are those of intents. ``asked`` counts how often work was asked for: whoever finishes sees whether
somebody asked while the work was done, and then it is due again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.errors import LostLease
from connector.store.bulk import upsert
from connector.store.intents import IntentStatus
from connector.store.tables import lanes
from connector.store.types import AnyRow


class Kind(StrEnum):
    """What is done: read hinted people and score them, or deliver what that queued.

    ``READ_BESIDE`` is reading, too, while a crowd waits: then each of the two has a half of the people.
    """

    READ = "read"
    READ_BESIDE = "read beside"
    DELIVER = "deliver"


@dataclass(frozen=True, slots=True)
class Piece:
    """Work of one connection in a worker's hands; ``asked`` is how often it had been asked for by then."""

    id: UUID
    tenant_id: UUID
    connection_id: UUID
    kind: Kind
    fence: int
    asked: int
    attempts: int


def ask(connection: Connection, tenant_id: UUID, connection_id: UUID, kind: Kind, now: datetime) -> UUID | None:
    """Ask for work; return its id where a worker is to be woken, None where one is at it or it was put back."""
    fresh = {
        "id": uuid4(),
        "tenant_id": tenant_id,
        "connection_id": connection_id,
        "kind": kind,
        "status": IntentStatus.DONE,
        "due_at": now,
    }
    # Whoever asks and whoever finishes meet at this row: neither overlooks the other.
    row = connection.execute(_OF_KIND, {"account": connection_id, "wanted": kind}).one_or_none()
    if row is None:
        upsert(connection, lanes, [fresh], key=("connection_id", "kind"))
        row = connection.execute(_OF_KIND, {"account": connection_id, "wanted": kind}).one()
    idle = row.status == IntentStatus.DONE
    connection.execute(_ASK_IDLE if idle else _ASK_BUSY, {"mine": row.id} | ({"now": now} if idle else {}))
    return UUID(str(row.id)) if idle else None


_OF_KIND = (
    sa.select(lanes.c.id, lanes.c.status)
    .where(lanes.c.connection_id == sa.bindparam("account"), lanes.c.kind == sa.bindparam("wanted"))
    .with_for_update()
)
_ASK_BUSY = sa.update(lanes).where(lanes.c.id == sa.bindparam("mine")).values(asked=lanes.c.asked + 1)
_ASK_IDLE = _ASK_BUSY.values(status=IntentStatus.READY, due_at=sa.bindparam("now"), message=None, attempts=0)
"""Statements of this file are made once: each is needed several times for every lead that comes alone."""


def _claimable(now: Any) -> sa.ColumnElement[bool]:
    ready = sa.and_(lanes.c.status == IntentStatus.READY, lanes.c.due_at <= now)
    abandoned = sa.and_(lanes.c.status == IntentStatus.LEASED, lanes.c.leased_until < now)
    return sa.or_(ready, abandoned)


_CLAIM = (
    sa.update(lanes)
    .where(lanes.c.id == sa.bindparam("mine"), _claimable(sa.bindparam("now", type_=lanes.c.due_at.type)))
    .values(
        status=IntentStatus.LEASED,
        leased_until=sa.bindparam("until"),
        fence=lanes.c.fence + 1,
        attempts=lanes.c.attempts + 1,
    )
    .returning(*(lanes.c[name] for name in Piece.__dataclass_fields__))
)


def claim(connection: Connection, piece_id: UUID, now: datetime, until: datetime) -> Piece | None:
    """Take work that is due or whose lease ran out; None when another worker was first."""
    row = connection.execute(_CLAIM, {"mine": piece_id, "now": now, "until": until}).one_or_none()
    if row is None:
        return None
    return Piece(row.id, row.tenant_id, row.connection_id, Kind(row.kind), row.fence, row.asked, row.attempts)


_HELD = sa.and_(
    lanes.c.id == sa.bindparam("mine"),
    lanes.c.fence == sa.bindparam("held_by"),
    lanes.c.status == IntentStatus.LEASED,
)
_RENEW = sa.update(lanes).where(_HELD).values(leased_until=sa.bindparam("until"))
_FINISH = (
    sa.update(lanes)
    .where(_HELD)
    .values(
        status=sa.case(
            (sa.or_(sa.bindparam("more", type_=sa.Boolean), lanes.c.asked > sa.bindparam("seen")), IntentStatus.READY),
            else_=IntentStatus.DONE,
        ),
        due_at=sa.bindparam("now"),
        leased_until=None,
        attempts=0,
        message=None,
    )
    .returning(lanes.c.status)
)


def _lost(piece: Piece) -> LostLease:
    return LostLease(f"The real-time work of connection {piece.connection_id} is held by another worker.")


def _change(connection: Connection, piece: Piece, values: dict[str, object]) -> None:
    held = {"mine": piece.id, "held_by": piece.fence}
    if connection.execute(sa.update(lanes).where(_HELD).values(values), held).rowcount != 1:
        raise _lost(piece)


def renew(connection: Connection, piece: Piece, until: datetime) -> None:
    """Hold the lease longer; raises ``LostLease``. Inside a writing transaction it is the fence."""
    if connection.execute(_RENEW, {"mine": piece.id, "held_by": piece.fence, "until": until}).rowcount != 1:
        raise _lost(piece)


def asked_since(connection: Connection, piece: Piece) -> bool:
    """Tell whether somebody asked for the work since it was taken."""
    query = sa.select(lanes.c.asked > piece.asked).where(lanes.c.id == piece.id)
    return bool(connection.execute(query).scalar_one())


def finish(connection: Connection, piece: Piece, now: datetime, *, more: bool = False) -> bool:
    """End the work; tell whether it is due again: there is ``more``, or somebody asked meanwhile."""
    held = {"mine": piece.id, "held_by": piece.fence}
    found = connection.execute(_FINISH, {**held, "more": more, "seen": piece.asked, "now": now}).scalar_one_or_none()
    if found is None:
        raise _lost(piece)
    return bool(found == IntentStatus.READY)


def put_back(connection: Connection, piece: Piece, due_at: datetime, message: str) -> None:
    """Give the work back to be tried again at ``due_at``; raises ``LostLease``."""
    values = {"status": IntentStatus.READY, "due_at": due_at, "leased_until": None, "message": message}
    _change(connection, piece, dict(values))


def rest(connection: Connection, piece: Piece, message: str) -> None:
    """Leave the work to the next refresh, with the sentence that says why; raises ``LostLease``."""
    _change(connection, piece, {"status": IntentStatus.DONE, "leased_until": None, "message": message})


def is_open(connection: Connection, connection_id: UUID, *kinds: Kind) -> bool:
    """Tell whether work of these kinds is due, put back or under way for a connection."""
    where = sa.and_(lanes.c.connection_id == connection_id, lanes.c.kind.in_(kinds))
    query = sa.select(lanes.c.id).where(where, lanes.c.status != IntentStatus.DONE)
    return connection.execute(query).first() is not None


def due(connection: Connection, now: datetime, limit: int) -> Sequence[UUID]:
    """Return work that can be claimed, the longest waiting first."""
    query = sa.select(lanes.c.id).where(_claimable(now)).order_by(lanes.c.due_at).limit(limit)
    return list(connection.execute(query).scalars())


def of_connection(connection: Connection, connection_id: UUID) -> Sequence[AnyRow]:
    """Return (kind, status, due_at, message) of a connection's work."""
    query = sa.select(lanes.c.kind, lanes.c.status, lanes.c.due_at, lanes.c.message)
    return connection.execute(query.where(lanes.c.connection_id == connection_id).order_by(lanes.c.kind)).all()
