"""Outcomes that a tenant's own programs told."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.tables import conversions, records
from connector.store.types import AnyRow

SOURCE = "api"
"""The source of these outcomes: no CRM's stream has this name."""


def places(connection: Connection, tenant_id: UUID, source_ids: Sequence[str]) -> dict[str, tuple[UUID, int | None]]:
    """Return the (connection, record) of outcomes that were told before, by their id."""
    c = conversions.c
    query = sa.select(c.source_id, c.connection_id, c.record_id).where(
        c.tenant_id == tenant_id, c.source == SOURCE, c.source_id.in_(source_ids)
    )
    return {row.source_id: (row.connection_id, row.record_id) for row in connection.execute(query)}


def page(connection: Connection, tenant_id: UUID, after: int | None, limit: int) -> Sequence[AnyRow]:
    """Return outcomes as they were told, the oldest first, with the lead that each is of."""
    c = conversions.c
    query = (
        sa.select(c.id, c.source_id, c.kind, c.at, c.amount, c.currency, records.c.lead_id)
        .select_from(conversions.outerjoin(records, records.c.id == c.record_id))
        .where(c.tenant_id == tenant_id, c.source == SOURCE)
    )
    if after is not None:
        query = query.where(c.id > after)
    return connection.execute(query.order_by(c.id).limit(limit)).all()


def remove(connection: Connection, tenant_id: UUID, source_id: str) -> int:
    """Delete an outcome; return how many rows it was."""
    c = conversions.c
    where = sa.and_(c.tenant_id == tenant_id, c.source == SOURCE, c.source_id == source_id)
    return connection.execute(sa.delete(conversions).where(where)).rowcount
