"""Invitations: each a link that works once, kept as the hash of its token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.records import Role
from connector.store.tables import invitations
from connector.store.types import AnyRow


@dataclass(frozen=True, slots=True)
class Invitation:
    """Whom an unused link lets in, as what, until when."""

    id: UUID
    tenant_id: UUID
    name: str
    role: Role
    made_at: datetime
    expires_at: datetime


def _read(row: AnyRow) -> Invitation:
    return Invitation(row.id, row.tenant_id, row.name, Role(row.role), row.made_at, row.expires_at)


def add(
    connection: Connection, tenant_id: UUID, token_hash: str, name: str, role: Role, now: datetime, expires_at: datetime
) -> Invitation:
    """Keep an invitation, and drop the tenant's expired ones."""
    over = sa.and_(invitations.c.tenant_id == tenant_id, invitations.c.expires_at <= now)
    connection.execute(sa.delete(invitations).where(over))
    made = Invitation(uuid4(), tenant_id, name, role, now, expires_at)
    row = {
        "token_hash": token_hash,
        "id": made.id,
        "tenant_id": tenant_id,
        "name": name,
        "role": role,
        "made_at": now,
        "expires_at": expires_at,
    }
    connection.execute(sa.insert(invitations), row)
    return made


def of_tenant(connection: Connection, tenant_id: UUID, now: datetime) -> Sequence[Invitation]:
    """Return a tenant's invitations that can still be used, the newest first."""
    good = sa.and_(invitations.c.tenant_id == tenant_id, invitations.c.expires_at > now)
    query = sa.select(invitations).where(good)
    return [_read(row) for row in connection.execute(query.order_by(invitations.c.made_at.desc(), invitations.c.id))]


def find(connection: Connection, token_hash: str, now: datetime) -> Invitation | None:
    """Return the invitation of a token; None when it was used or withdrawn, or has expired."""
    where = sa.and_(invitations.c.token_hash == token_hash, invitations.c.expires_at > now)
    row = connection.execute(sa.select(invitations).where(where)).one_or_none()
    return _read(row) if row else None


def spend(connection: Connection, invitation: Invitation) -> bool:
    """Take an invitation away; tell whether it was still there: of two who use one link, one finds it."""
    where = sa.and_(invitations.c.tenant_id == invitation.tenant_id, invitations.c.id == invitation.id)
    return connection.execute(sa.delete(invitations).where(where)).rowcount == 1


def get(connection: Connection, tenant_id: UUID, invitation_id: UUID) -> Invitation | None:
    """Return an unused invitation of a tenant, expired or not, if there is such a one."""
    where = sa.and_(invitations.c.tenant_id == tenant_id, invitations.c.id == invitation_id)
    row = connection.execute(sa.select(invitations).where(where)).one_or_none()
    return _read(row) if row else None
