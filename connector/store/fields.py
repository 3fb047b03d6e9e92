"""The catalogue of each account's fields."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.records import FieldDefinition
from connector.store.bulk import upsert
from connector.store.tables import connections, fields, records
from connector.store.types import AnyRow


def save(connection: Connection, tenant_id: UUID, connection_id: UUID, found: Sequence[FieldDefinition]) -> None:
    """Insert or refresh field definitions; the admin's knowledge class and decision stay."""
    rows = [
        {
            "connection_id": connection_id,
            "name": item.name,
            "tenant_id": tenant_id,
            "label": item.label,
            "type": item.type,
            "role": item.role,
            "options": dict(item.options),
            "excludes": dict(item.excludes),
            "system": item.system,
            "own": item.own,
            "personal": item.personal,
            "company": item.company,
            "history": item.history,
        }
        for item in found
    ]
    refreshed = ("label", "type", "role", "options", "excludes", "system", "own", "personal", "company", "history")
    upsert(connection, fields, rows, key=("connection_id", "name"), update=refreshed)


def decide(connection: Connection, tenant_id: UUID, connection_id: UUID, name: str, allowed: bool | None) -> None:
    """Keep an admin's decision on a field, for all accounts of the same CRM: models know them as one."""
    vendor = sa.select(connections.c.vendor).where(connections.c.id == connection_id).scalar_subquery()
    alike = sa.select(connections.c.id).where(connections.c.tenant_id == tenant_id, connections.c.vendor == vendor)
    where = sa.and_(fields.c.tenant_id == tenant_id, fields.c.connection_id.in_(alike), fields.c.name == name)
    connection.execute(sa.update(fields).where(where).values(allowed=allowed))


def fill(connection: Connection, connection_id: UUID, sample: int) -> dict[str, float]:
    """Return field → share of an account's newest open records that have a value; nothing without records."""
    r = records.c
    query = sa.select(r.properties).where(r.connection_id == connection_id, r.removed_at.is_(None))
    found = connection.execute(query.order_by(r.id.desc()).limit(sample)).scalars().all()
    counts = Counter(name for properties in found for name, value in properties.items() if value)
    return {name: count / len(found) for name, count in counts.items()}


def roles_of(connection: Connection, connection_id: UUID) -> dict[str, str]:
    """Return role → the field of a person that plays it in an account."""
    return {row.role: row.name for row in connection.execute(_ROLES, {"account": connection_id})}


_ROLES = sa.select(fields.c.role, fields.c.name).where(
    fields.c.connection_id == sa.bindparam("account"), fields.c.role.is_not(None), sa.not_(fields.c.company)
)
"""Made once: asked with every page of records."""


def parts_of_names(connection: Connection, tenant_id: UUID) -> Sequence[AnyRow]:
    """Return (connection_id, role, name) of the fields of persons that play a role, in all accounts of a tenant."""
    return connection.execute(_PARTS, {"owner": tenant_id}).all()


_PARTS = sa.select(fields.c.connection_id, fields.c.role, fields.c.name).where(
    fields.c.tenant_id == sa.bindparam("owner"), fields.c.role.is_not(None), sa.not_(fields.c.company)
)
"""Made once: asked with every page that names somebody."""


def of_tenant(connection: Connection, tenant_id: UUID) -> Sequence[AnyRow]:
    """Return the field rows of a tenant in a stable order."""
    return connection.execute(_OF_TENANT, {"owner": tenant_id}).all()


_OF_TENANT = (
    sa.select(fields).where(fields.c.tenant_id == sa.bindparam("owner")).order_by(fields.c.name, fields.c.connection_id)
)
