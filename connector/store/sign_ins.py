"""Who is signed in: a row for each session, found by the hash of what the browser's cookie holds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.tables import sign_ins, users
from connector.store.users import User, read_user


def begin(connection: Connection, token_hash: str, user: User, now: datetime, expires_at: datetime) -> None:
    """Keep a session, and drop the user's former ones that have ended."""
    old = sa.and_(sign_ins.c.user_id == user.id, sign_ins.c.expires_at <= now)
    connection.execute(sa.delete(sign_ins).where(old))
    row = {
        "token_hash": token_hash,
        "tenant_id": user.tenant_id,
        "user_id": user.id,
        "begun_at": now,
        "expires_at": expires_at,
    }
    connection.execute(sa.insert(sign_ins), row)


def find(connection: Connection, token_hash: str, now: datetime) -> User | None:
    """Return whose session this is, as the user is now; None when it ended or the user was removed."""
    joined = users.join(sign_ins, sign_ins.c.user_id == users.c.id)
    where = sa.and_(sign_ins.c.token_hash == token_hash, sign_ins.c.expires_at > now)
    row = connection.execute(sa.select(users).select_from(joined).where(where)).one_or_none()
    return read_user(row) if row else None


def end(connection: Connection, token_hash: str) -> None:
    """End a session."""
    connection.execute(sa.delete(sign_ins).where(sign_ins.c.token_hash == token_hash))


def latest(connection: Connection, tenant_id: UUID) -> Mapping[UUID, datetime]:
    """Return when each user of a tenant began their newest session that is kept."""
    query = sa.select(sign_ins.c.user_id, sign_ins.c.begun_at).where(sign_ins.c.tenant_id == tenant_id)
    return {row.user_id: row.begun_at for row in connection.execute(query.order_by(sign_ins.c.begun_at))}
