"""Users of a tenant's pages, and the CRM's own users by whom they are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.records import Role
from connector.store.bulk import upsert
from connector.store.tables import identities, users
from connector.store.types import AnyRow


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may use a tenant's pages."""

    id: UUID
    tenant_id: UUID
    name: str
    role: Role
    added_at: datetime


def read_user(row: AnyRow) -> User:
    """Read the columns of ``users`` in a row."""
    return User(row.id, row.tenant_id, row.name, Role(row.role), row.added_at)


def add(connection: Connection, tenant_id: UUID, name: str, role: Role, now: datetime) -> User:
    """Add a user."""
    made = User(uuid4(), tenant_id, name, role, now)
    row = {"id": made.id, "tenant_id": tenant_id, "name": name, "role": role, "added_at": now}
    connection.execute(sa.insert(users), row)
    return made


def of_tenant(connection: Connection, tenant_id: UUID) -> Sequence[User]:
    """Return a tenant's users, the first first."""
    query = sa.select(users).where(users.c.tenant_id == tenant_id).order_by(users.c.added_at, users.c.id)
    return [read_user(row) for row in connection.execute(query)]


def find(connection: Connection, tenant_id: UUID, user_id: UUID) -> User | None:
    """Return a user of a tenant, if there is such a one."""
    where = sa.and_(users.c.tenant_id == tenant_id, users.c.id == user_id)
    row = connection.execute(sa.select(users).where(where)).one_or_none()
    return read_user(row) if row else None


def known_as(connection: Connection, connection_id: UUID, vendor_user_id: str) -> User | None:
    """Return the user whom an account's CRM calls ``vendor_user_id``, if there is such a one."""
    joined = users.join(identities, identities.c.user_id == users.c.id)
    where = sa.and_(identities.c.connection_id == connection_id, identities.c.vendor_user_id == vendor_user_id)
    row = connection.execute(sa.select(users).select_from(joined).where(where)).one_or_none()
    return read_user(row) if row else None


def make_known(connection: Connection, user: User, connection_id: UUID, vendor_user_id: str) -> None:
    """Let a user be known by the CRM's ``vendor_user_id``; whom another is known by stays theirs."""
    row = {
        "connection_id": connection_id,
        "vendor_user_id": vendor_user_id,
        "tenant_id": user.tenant_id,
        "user_id": user.id,
    }
    upsert(connection, identities, [row], key=("connection_id", "vendor_user_id"))


def signing_in_by(connection: Connection, tenant_id: UUID) -> frozenset[UUID]:
    """Return the users of a tenant whom a CRM knows."""
    query = sa.select(identities.c.user_id).where(identities.c.tenant_id == tenant_id)
    return frozenset(connection.execute(query).scalars())


def change(connection: Connection, user: User, *, name: str, role: Role) -> None:
    """Give a user another name and role."""
    connection.execute(sa.update(users).where(users.c.id == user.id).values(name=name, role=role))


def remove(connection: Connection, user: User) -> None:
    """Take a user away, with their sessions and with what a CRM knows them by."""
    connection.execute(sa.delete(users).where(users.c.id == user.id))
