"""All scores of a tenant, a piece at a time."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.lead_list import Owner, owned
from connector.store.tables import connections, records, scores
from connector.store.types import AnyRow


def piece(
    connection: Connection, tenant_id: UUID, tier: str | None, after: int, limit: int, owner: Owner | None = None
) -> Sequence[AnyRow]:
    """Return the score rows of leads with an id above ``after``, in the order of their ids; those of a tier or owner
    alone where one is named."""
    query = sa.select(scores).where(scores.c.tenant_id == tenant_id, scores.c.lead_id > after)
    if tier is not None:
        query = query.where(scores.c.tier == tier)
    if owner is not None:
        query = query.where(scores.c.lead_id.in_(owned(tenant_id, owner)))
    return connection.execute(query.order_by(scores.c.lead_id).limit(limit)).all()


def names(connection: Connection, tenant_id: UUID, first: int, last: int) -> Sequence[AnyRow]:
    """Return (lead_id, vendor, account_id, vendor_id) of the open records of leads between two ids."""
    r = records.c
    query = (
        sa.select(r.lead_id, connections.c.vendor, connections.c.account_id, r.vendor_id)
        .join(connections, connections.c.id == r.connection_id)
        .where(r.tenant_id == tenant_id, r.lead_id >= first, r.lead_id <= last, r.removed_at.is_(None))
    )
    return connection.execute(query.order_by(r.id)).all()
