"""A small named cast for the store's tests."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.records import Account, Record
from connector.store import connections, records, tenants
from connector.store.tenants import TenantSettings

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def tenant(connection: Connection, name: str = "Alpha Ltd") -> UUID:
    """Add a tenant."""
    return tenants.create(connection, name, TenantSettings(), NOW)


def crm(connection: Connection, tenant_id: UUID, account: str = "101") -> UUID:
    """Add a CRM account of a tenant."""
    return connections.add(connection, tenant_id, "somecrm", Account(account, "Main", "https://x", "UTC"), NOW)


def record(number: int, email: str | None = None) -> Record:
    """Make a record called by a number."""
    return Record(str(number), email or f"p{number}@example.com", NOW, NOW, {"city": "Porto"})


def with_records(connection: Connection, count: int = 3) -> tuple[UUID, UUID]:
    """Add a tenant with one account and some records; return both ids."""
    tenant_id = tenant(connection)
    connection_id = crm(connection, tenant_id)
    records.save(connection, tenant_id, connection_id, [record(number) for number in range(1, count + 1)], NOW)
    return tenant_id, connection_id
