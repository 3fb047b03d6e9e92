"""The catalogue of each account's fields."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.records import FieldDefinition
from connector.store.bulk import upsert
from connector.store.tables import fields
from connector.store.types import AnyRow


def save(connection: Connection, tenant_id: UUID, connection_id: UUID, found: Sequence[FieldDefinition]) -> None:
    """Insert or refresh field definitions; the admin's knowledge class stays."""
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


def of_tenant(connection: Connection, tenant_id: UUID) -> Sequence[AnyRow]:
    """Return the field rows of a tenant in a stable order."""
    return connection.execute(_OF_TENANT, {"owner": tenant_id}).all()


_OF_TENANT = (
    sa.select(fields).where(fields.c.tenant_id == sa.bindparam("owner")).order_by(fields.c.name, fields.c.connection_id)
)
