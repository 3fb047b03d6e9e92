"""The current score of each lead."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.bulk import Row, upsert
from connector.store.tables import scores
from connector.store.types import AnyRow

_REFRESHED = (
    "run_id",
    "model",
    "score",
    "probability",
    "tier",
    "reasons",
    "base_value",
    "inputs_hash",
    "as_of",
    "scored_at",
)


def save(connection: Connection, rows: Sequence[Row]) -> None:
    """Insert or replace current scores (columns of the ``scores`` table)."""
    upsert(connection, scores, rows, key=("lead_id",), update=_REFRESHED)


def of_run(connection: Connection, tenant_id: UUID, run_id: UUID) -> set[int]:
    """Return the leads that a run has scored already."""
    where = sa.and_(scores.c.tenant_id == tenant_id, scores.c.run_id == run_id)
    return set(connection.execute(sa.select(scores.c.lead_id).where(where)).scalars())


def tiers(connection: Connection, tenant_id: UUID) -> dict[int, str]:
    """Return lead id → tier as it stands."""
    query = sa.select(scores.c.lead_id, scores.c.tier).where(scores.c.tenant_id == tenant_id)
    return {row.lead_id: row.tier for row in connection.execute(query)}


def of_lead(connection: Connection, tenant_id: UUID, lead_id: int) -> AnyRow | None:
    """Return a lead's score row, if it has one."""
    where = sa.and_(scores.c.tenant_id == tenant_id, scores.c.lead_id == lead_id)
    return connection.execute(sa.select(scores).where(where)).one_or_none()


def summary(connection: Connection, tenant_id: UUID) -> dict[str, int]:
    """Return tier → number of leads."""
    query = sa.select(scores.c.tier, sa.func.count()).where(scores.c.tenant_id == tenant_id).group_by(scores.c.tier)
    return {row[0]: row[1] for row in connection.execute(query)}
