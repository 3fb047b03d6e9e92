"""What the last look at each pitfall found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.bulk import upsert
from connector.store.tables import pitfalls


@dataclass(frozen=True, slots=True)
class Kept:
    """A pitfall's ``state``, ``since`` when it is that, and what was ``seen`` at the last look."""

    state: str
    since: datetime
    looked_at: datetime
    seen: Mapping[str, Any]


def of_tenant(connection: Connection, tenant_id: UUID) -> Mapping[str, Kept]:
    """Return key → what is kept of each pitfall that was looked at."""
    c = pitfalls.c
    query = sa.select(c.key, c.state, c.since, c.looked_at, c.seen).where(c.tenant_id == tenant_id)
    return {row.key: Kept(row.state, row.since, row.looked_at, row.seen) for row in connection.execute(query)}


def save(connection: Connection, tenant_id: UUID, found: Mapping[str, Kept]) -> None:
    """Keep what a look found, in the place of the former one."""
    rows = [
        {
            "tenant_id": tenant_id,
            "key": key,
            "state": one.state,
            "since": one.since,
            "looked_at": one.looked_at,
            "seen": dict(one.seen),
        }
        for key, one in found.items()
    ]
    upsert(connection, pitfalls, rows, key=("tenant_id", "key"), update=("state", "since", "looked_at", "seen"))
