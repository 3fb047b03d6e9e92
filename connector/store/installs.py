"""Installations under way: single-use OAuth states bound to a browser session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.tables import installs


@dataclass(frozen=True, slots=True)
class PendingInstall:
    """A started installation. ``tenant_id`` and ``user_id`` are set when somebody signed in adds an account.

    ``invitation_hash``: an invitation is accepted by it. ``login`` is where the user signs in, for vendors that have
    several places.
    """

    vendor: str
    code_verifier: str | None
    tenant_id: UUID | None
    login: str | None = None
    user_id: UUID | None = None
    invitation_hash: str | None = None


def begin(
    connection: Connection,
    state_hash: str,
    session_hash: str,
    pending: PendingInstall,
    now: datetime,
    expires_at: datetime,
) -> None:
    """Remember a state that was handed to the vendor, and drop those whose time is over."""
    prune(connection, now)
    row = {
        "state_hash": state_hash,
        "session_hash": session_hash,
        "vendor": pending.vendor,
        "code_verifier": pending.code_verifier,
        "tenant_id": pending.tenant_id,
        "login": pending.login,
        "user_id": pending.user_id,
        "invitation_hash": pending.invitation_hash,
        "expires_at": expires_at,
    }
    connection.execute(sa.insert(installs), row)


def use(
    connection: Connection, state_hash: str, session_hash: str, vendor: str, now: datetime
) -> PendingInstall | None:
    """Spend a state; None when it is unknown, spent, expired or of another session or vendor."""
    where = sa.and_(
        installs.c.state_hash == state_hash,
        installs.c.session_hash == session_hash,
        installs.c.vendor == vendor,
        installs.c.used_at.is_(None),
        installs.c.expires_at > now,
    )
    row = connection.execute(sa.select(installs).where(where)).one_or_none()
    # The conditional update is the check: of two callbacks with one state, one changes the row.
    spent = sa.update(installs).where(where).values(used_at=now, code_verifier=None, login=None)
    if row is None or connection.execute(spent).rowcount != 1:
        return None
    return PendingInstall(row.vendor, row.code_verifier, row.tenant_id, row.login, row.user_id, row.invitation_hash)


def prune(connection: Connection, now: datetime) -> None:
    """Drop the states whose time is over, spent or not."""
    connection.execute(sa.delete(installs).where(installs.c.expires_at <= now))
