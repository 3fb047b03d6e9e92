"""Uses of the REST API on their way into the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.api_keys import OPENS
from connector.store.tables import api_uses
from connector.store.types import AnyRow, BigId, Json, UtcTime

_ADD = sa.insert(api_uses)
_ADD_WHILE_OPEN = (
    sa.insert(api_uses)
    .from_select(
        ["tenant_id", "at", "lead_id", "body"],
        sa.select(
            sa.bindparam("tenant", type_=sa.Uuid),
            sa.bindparam("moment", type_=UtcTime),
            sa.bindparam("lead", type_=BigId),
            sa.bindparam("told", type_=Json),
        ).where(OPENS),
    )
    .execution_options(preserve_rowcount=True)
)


def add(connection: Connection, tenant_id: UUID, at: datetime, lead_id: int | None, body: Mapping[str, Any]) -> None:
    """Add a use. ``lead_id`` is the one lead that it was about, if there was but one."""
    connection.execute(_ADD, {"tenant_id": tenant_id, "at": at, "lead_id": lead_id, "body": dict(body)})


def add_while_open(
    connection: Connection,
    key: tuple[UUID, UUID, str],
    at: datetime,
    lead_id: int | None,
    body: Mapping[str, Any],
) -> bool:
    """Add a use of a key (its tenant, its id, the hash of the secret that was given) if that opens ``at`` this time.

    One statement asks and adds, so that nothing can come between. False where the key is revoked, expired or gone, or
    the secret is no longer its own.
    """
    tenant_id, key_id, secret_hash = key
    given = {"tenant": tenant_id, "key": key_id, "given": secret_hash, "moment": at, "lead": lead_id}
    return connection.execute(_ADD_WHILE_OPEN, given | {"told": dict(body)}).rowcount == 1


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


def forget(connection: Connection, tenant_id: UUID, lead_ids: Sequence[int]) -> int:
    """Delete the uses that were about one of these leads alone; return how many.

    To be called while the tenant's ledger is held, so that none comes into it meanwhile.
    """
    mine = sa.and_(api_uses.c.tenant_id == tenant_id, api_uses.c.lead_id.in_(lead_ids))
    return connection.execute(sa.delete(api_uses).where(mine)).rowcount
