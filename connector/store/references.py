"""Which lead somebody means: by our id, or by the id of a record in a CRM."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.tables import connections, leads, records
from connector.store.types import AnyRow

_COLUMNS = (
    records.c.id.label("record_id"),
    records.c.lead_id,
    records.c.connection_id,
    records.c.vendor_id,
    records.c.email,
    connections.c.vendor,
    connections.c.account_id,
)


def by_vendor_ids(connection: Connection, tenant_id: UUID, vendor_ids: Sequence[str]) -> Sequence[AnyRow]:
    """Return the tenant's records with these ids, whichever CRM they are of, that stand for a lead."""
    if not vendor_ids:
        return ()
    query = (
        sa.select(*_COLUMNS)
        .join(connections, connections.c.id == records.c.connection_id)
        .where(connections.c.tenant_id == tenant_id, records.c.vendor_id.in_(vendor_ids))
        .where(records.c.tenant_id == tenant_id, records.c.lead_id.is_not(None))
    )
    return connection.execute(query.order_by(records.c.id)).all()


def of_leads(connection: Connection, tenant_id: UUID, lead_ids: Sequence[int]) -> Sequence[AnyRow]:
    """Return the open records of leads, in the same columns, oldest first."""
    query = (
        sa.select(*_COLUMNS)
        .join(connections, connections.c.id == records.c.connection_id)
        .where(records.c.tenant_id == tenant_id, records.c.lead_id.in_(lead_ids), records.c.removed_at.is_(None))
    )
    return connection.execute(query.order_by(records.c.id)).all()


def existing(connection: Connection, tenant_id: UUID, lead_ids: Sequence[int]) -> set[int]:
    """Return those of ``lead_ids`` that are leads of the tenant."""
    if not lead_ids:
        return set()
    where = sa.and_(leads.c.tenant_id == tenant_id, leads.c.id.in_(lead_ids))
    return set(connection.execute(sa.select(leads.c.id).where(where)).scalars())
