"""What tenants who opted in give to each other's models: aggregate coefficients, one row a tenant, goal and horizon.

The row names its tenant, so that it can be replaced, left out of the tenant's own prior and deleted; the share itself
names nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.bulk import upsert
from connector.store.tables import model_shares, tenants
from connector.store.tenants import Tenant, TenantSettings

_KEY = ("tenant_id", "goal_kind", "horizon_days")


@dataclass(frozen=True, slots=True)
class ShareKey:
    """What a share's conversions are: the kind of goal, without the tenant's own words, and the horizon."""

    goal_kind: str
    horizon_days: int

    @classmethod
    def of(cls, settings: TenantSettings) -> ShareKey:
        """The key of a tenant's goal: ``stage:Customer`` is a ``stage``."""
        return cls(settings.goal.partition(":")[0], settings.horizon_days)


def keep(connection: Connection, tenant_id: UUID, key: ShareKey, share: dict[str, Any], now: datetime) -> None:
    """Store a tenant's newest share in place of the one before."""
    row = {
        "tenant_id": tenant_id,
        "goal_kind": key.goal_kind,
        "horizon_days": key.horizon_days,
        "share": share,
        "given_at": now,
    }
    upsert(connection, model_shares, [row], key=_KEY, update=("share", "given_at"))


def of_others(connection: Connection, tenant: Tenant, key: ShareKey) -> list[dict[str, Any]]:
    """The shares of the other tenants of the region who are opted in now; nothing in them tells whose they are."""
    c = model_shares.c
    query = (
        sa.select(c.share, tenants.c.settings)
        .join_from(model_shares, tenants)
        .where(c.goal_kind == key.goal_kind, c.horizon_days == key.horizon_days)
        .where(c.tenant_id != tenant.id, tenants.c.region == tenant.region)
    )
    rows = connection.execute(query)
    return [row.share for row in rows if TenantSettings.from_json(row.settings).pooling]


def withdraw(connection: Connection, tenant_id: UUID, key: ShareKey | None = None) -> int:
    """Delete what a tenant gave (for one goal and horizon, or everything); return how many shares that were."""
    c = model_shares.c
    where = c.tenant_id == tenant_id
    if key is not None:
        where = sa.and_(where, c.goal_kind == key.goal_kind, c.horizon_days == key.horizon_days)
    return connection.execute(sa.delete(model_shares).where(where)).rowcount
