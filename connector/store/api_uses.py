"""Uses of the REST API on their way into the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.tables import api_uses
from connector.store.types import AnyRow


def add(connection: Connection, tenant_id: UUID, at: datetime, lead_id: int | None, body: Mapping[str, Any]) -> None:
    """Add a use. ``lead_id`` is the one lead that it was about, if there was but one."""
    row = {"tenant_id": tenant_id, "at": at, "lead_id": lead_id, "body": dict(body)}
    connection.execute(sa.insert(api_uses), row)


def tenants(connection: Connection, limit: int) -> Sequence[UUID]:
    """Return the tenants of the oldest ``limit`` uses that wait."""
    oldest = sa.select(api_uses.c.tenant_id).order_by(api_uses.c.id).limit(limit).subquery()
    return list(connection.execute(sa.select(oldest.c.tenant_id).distinct()).scalars())


def waiting(connection: Connection, tenant_id: UUID, limit: int) -> Sequence[AnyRow]:
    """Return a tenant's oldest uses as (id, at, lead_id, body)."""
    query = sa.select(api_uses).where(api_uses.c.tenant_id == tenant_id).order_by(api_uses.c.id).limit(limit)
    return connection.execute(query).all()


def remove(connection: Connection, tenant_id: UUID, ids: Sequence[int]) -> None:
    """Delete uses that are in the ledger now."""
    connection.execute(sa.delete(api_uses).where(api_uses.c.tenant_id == tenant_id, api_uses.c.id.in_(ids)))
