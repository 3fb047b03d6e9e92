"""Objectives: a tenant's draft, and the versions that its owner has signed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.bulk import upsert
from connector.store.tables import objective_drafts, objectives


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be signed: ``body`` (``services.objectives.contract``), and why."""

    body: Mapping[str, Any]
    why: str
    drafted_at: datetime
    drafted_by: str


@dataclass(frozen=True, slots=True)
class Signed:
    """A version, as it was signed; ``ledger_seq`` is the ledger's entry that holds the same."""

    version: int
    body: Mapping[str, Any]
    why: str
    drafted_at: datetime
    drafted_by: str
    signed_at: datetime
    signed_by: str
    ledger_seq: int


_COLUMNS = [objectives.c[name] for name in Signed.__dataclass_fields__]


def save_draft(connection: Connection, tenant_id: UUID, draft: Draft) -> None:
    """Put a draft in the place of the former one."""
    row = {"tenant_id": tenant_id, **asdict(draft)}
    upsert(connection, objective_drafts, [row], key=("tenant_id",), update=tuple(asdict(draft)))


def draft(connection: Connection, tenant_id: UUID) -> Draft | None:
    """Return the draft, if there is one."""
    c = objective_drafts.c
    query = sa.select(c.body, c.why, c.drafted_at, c.drafted_by).where(c.tenant_id == tenant_id)
    row = connection.execute(query).one_or_none()
    return Draft(*row) if row else None


def drop_draft(connection: Connection, tenant_id: UUID) -> bool:
    """Delete the draft; tell whether there was one."""
    where = objective_drafts.c.tenant_id == tenant_id
    return connection.execute(sa.delete(objective_drafts).where(where)).rowcount > 0


def add(connection: Connection, tenant_id: UUID, signed: Signed) -> None:
    """Add a version; nothing changes one afterwards."""
    connection.execute(sa.insert(objectives).values(tenant_id=tenant_id, **asdict(signed)))


def newest(connection: Connection, tenant_id: UUID) -> Signed | None:
    """Return the version that holds, None before the first."""
    query = sa.select(*_COLUMNS).where(objectives.c.tenant_id == tenant_id)
    row = connection.execute(query.order_by(objectives.c.version.desc()).limit(1)).one_or_none()
    return Signed(*row) if row else None


def versions(connection: Connection, tenant_id: UUID) -> Sequence[Signed]:
    """Return all versions, the newest first."""
    query = sa.select(*_COLUMNS).where(objectives.c.tenant_id == tenant_id)
    return [Signed(*row) for row in connection.execute(query.order_by(objectives.c.version.desc()))]
