"""Accounts that were left: the goodbye that is to be said to their CRM, and until when their data are kept.

The tokens move here in the transaction that disconnects the account: nobody finds them where calls look for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.bulk import upsert
from connector.store.connections import StoredTokens
from connector.store.tables import connections, departures


@dataclass(frozen=True, slots=True)
class Departure:
    """One account that was left. ``clear``: our values are to leave the CRM first.

    ``ended_at``: the grant is given back, as far as the CRM lets us, and its tokens are destroyed; ``message`` says
    what is left to do for its admin. ``data_due_at``: by then all that the account told is gone.
    """

    connection_id: UUID
    tenant_id: UUID
    clear: bool
    asked_at: datetime
    ended_at: datetime | None
    data_due_at: datetime
    message: str | None


def _read(row: Any) -> Departure:
    return Departure(
        row.connection_id, row.tenant_id, row.clear, row.asked_at, row.ended_at, row.data_due_at, row.message
    )


def begin(
    connection: Connection, tenant_id: UUID, connection_id: UUID, now: datetime, data_due_at: datetime, *, clear: bool
) -> bool:
    """Note that our side leaves, and take the tokens from where calls look for them; False where it was left before."""
    c = connections.c
    held = connection.execute(
        sa.select(c.access_token, c.refresh_token, c.token_expires_at).where(c.id == connection_id)
    ).one()
    row = {
        "connection_id": connection_id,
        "tenant_id": tenant_id,
        "access_token": held.access_token,
        "refresh_token": held.refresh_token,
        "token_expires_at": held.token_expires_at,
        "clear": clear,
        "asked_at": now,
        "due_at": now,
        "ended_at": None if held.access_token else now,
        "data_due_at": data_due_at,
    }
    if not upsert(connection, departures, [row], key=("connection_id",)):
        return False
    # The version fences whoever refreshes just now: what they bring is kept nowhere.
    gone = {
        "access_token": None,
        "refresh_token": None,
        "token_expires_at": None,
        "hook_secrets": None,
        "token_version": c.token_version + 1,
    }
    connection.execute(sa.update(connections).where(c.id == connection_id).values(gone))
    return True


def note(connection: Connection, tenant_id: UUID, connection_id: UUID, now: datetime, data_due_at: datetime) -> None:
    """Note that the CRM's side left: there is nothing to give back."""
    row = {
        "connection_id": connection_id,
        "tenant_id": tenant_id,
        "clear": False,
        "asked_at": now,
        "due_at": now,
        "ended_at": now,
        "data_due_at": data_due_at,
    }
    upsert(connection, departures, [row], key=("connection_id",))


def cancel(connection: Connection, connection_id: UUID) -> None:
    """Forget that an account was left: it is connected again, and whoever says goodbye finds no token any more."""
    connection.execute(sa.delete(departures).where(departures.c.connection_id == connection_id))


def find(connection: Connection, connection_id: UUID) -> Departure | None:
    """Return an account's departure, if it was left."""
    row = connection.execute(sa.select(departures).where(departures.c.connection_id == connection_id)).one_or_none()
    return _read(row) if row else None


def due(connection: Connection, now: datetime, limit: int) -> Sequence[UUID]:
    """Return connections whose goodbye waits for a worker, the longest waiting first."""
    query = sa.select(departures.c.connection_id).where(_claimable(now)).order_by(departures.c.due_at)
    return list(connection.execute(query.limit(limit)).scalars())


def _claimable(now: datetime) -> sa.ColumnElement[bool]:
    d = departures.c
    free = sa.or_(d.leased_until.is_(None), d.leased_until <= now)
    return sa.and_(d.ended_at.is_(None), d.due_at <= now, free)


def claim(connection: Connection, connection_id: UUID, now: datetime, until: datetime) -> Departure | None:
    """Take a goodbye that is due; None where it is not, or another worker was first."""
    taken = sa.update(departures).where(departures.c.connection_id == connection_id, _claimable(now))
    if connection.execute(taken.values(leased_until=until)).rowcount != 1:
        return None
    return find(connection, connection_id)


def tokens(connection: Connection, connection_id: UUID) -> StoredTokens | None:
    """Return the sealed tokens for the goodbye; None where it is said, or the account is connected again."""
    d = departures.c
    query = sa.select(d.access_token, d.refresh_token, d.token_expires_at).where(
        d.connection_id == connection_id, d.ended_at.is_(None)
    )
    row = connection.execute(query).one_or_none()
    return StoredTokens(row.access_token, row.refresh_token, row.token_expires_at, 0) if row else None


def keep_tokens(connection: Connection, connection_id: UUID, fresh: StoredTokens) -> None:
    """Keep tokens that had to be refreshed to say goodbye."""
    values = {
        "access_token": fresh.access_token,
        "refresh_token": fresh.refresh_token,
        "token_expires_at": fresh.expires_at,
    }
    connection.execute(sa.update(departures).where(departures.c.connection_id == connection_id).values(values))


def postpone(connection: Connection, connection_id: UUID, due_at: datetime) -> None:
    """Give a goodbye back, to be tried again at ``due_at``."""
    values = {"due_at": due_at, "leased_until": None}
    connection.execute(sa.update(departures).where(departures.c.connection_id == connection_id).values(values))


def end(connection: Connection, connection_id: UUID, now: datetime, message: str | None) -> None:
    """Destroy the tokens: the goodbye is said, or can't be."""
    values = {
        "access_token": None,
        "refresh_token": None,
        "token_expires_at": None,
        "leased_until": None,
        "ended_at": now,
        "message": message,
    }
    connection.execute(sa.update(departures).where(departures.c.connection_id == connection_id).values(values))


def of_tenant(connection: Connection, tenant_id: UUID) -> Sequence[Departure]:
    """Return the accounts that a tenant left and whose data are not gone yet, the next to go first."""
    query = sa.select(departures).where(departures.c.tenant_id == tenant_id)
    return [_read(row) for row in connection.execute(query.order_by(departures.c.data_due_at))]
