"""A tenant's sources of facts about companies: whether they are on, how they are asked, what may be spent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.bulk import upsert
from connector.store.tables import enrichment_sources, enrichment_spending

DAILY, MONTHLY, FRESH_DAYS = 1_000, 10_000, 180
"""What a new source may be asked a day and a month, and for how many days an answer is good."""


@dataclass(frozen=True, slots=True)
class Source:
    """One source. ``secret`` is sealed. ``trouble``: why it is not asked until an admin acted (None: nothing)."""

    tenant_id: UUID
    name: str
    enabled: bool
    config: Mapping[str, Any]
    changed_at: datetime
    secret: str | None = field(default=None, repr=False)
    daily_limit: int = DAILY
    monthly_limit: int = MONTHLY
    fresh_days: int = FRESH_DAYS
    trouble: str | None = None


@dataclass(frozen=True, slots=True)
class Spent:
    """Questions asked, and companies found by them, on a day and in its month (UTC)."""

    today: int = 0
    month: int = 0
    matches: int = 0


def of_tenant(connection: Connection, tenant_id: UUID) -> Sequence[Source]:
    """Return a tenant's sources by name."""
    c = enrichment_sources.c
    query = sa.select(enrichment_sources).where(c.tenant_id == tenant_id).order_by(c.name)
    return [_read(row) for row in connection.execute(query)]


def find(connection: Connection, tenant_id: UUID, name: str, *, lock: bool = False) -> Source | None:
    """Return one source; ``lock`` holds it until the transaction ends."""
    c = enrichment_sources.c
    query = sa.select(enrichment_sources).where(c.tenant_id == tenant_id, c.name == name)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return _read(row) if row else None


def save(connection: Connection, source: Source) -> None:
    """Insert or replace a source."""
    names = Source.__dataclass_fields__
    row = {name: getattr(source, name) for name in names} | {"config": dict(source.config)}
    key = ("tenant_id", "name")
    upsert(connection, enrichment_sources, [row], key=key, update=[name for name in names if name not in key])


def note_trouble(connection: Connection, tenant_id: UUID, name: str, sentence: str | None) -> None:
    """Keep why a source is not asked any more; None: it is asked again."""
    c = enrichment_sources.c
    where = sa.and_(c.tenant_id == tenant_id, c.name == name)
    connection.execute(sa.update(enrichment_sources).where(where).values(trouble=sentence))


def forget(connection: Connection, tenant_id: UUID, name: str) -> None:
    """Delete a source with all that it told."""
    c = enrichment_sources.c
    connection.execute(sa.delete(enrichment_sources).where(c.tenant_id == tenant_id, c.name == name))


def spent(connection: Connection, tenant_id: UUID, name: str, now: datetime) -> Spent:
    """Return what was asked today and this month (UTC)."""
    day, c = day_of(now), enrichment_spending.c
    query = sa.select(c.day, c.requests, c.matches).where(
        c.tenant_id == tenant_id, c.source == name, c.day.startswith(day[:7])
    )
    rows = connection.execute(query).all()
    today = sum(row.requests for row in rows if row.day == day)
    return Spent(today, sum(row.requests for row in rows), sum(row.matches for row in rows))


def count(connection: Connection, tenant_id: UUID, name: str, now: datetime, *, requests: int, matches: int) -> None:
    """Add to what was asked and found today. Whoever calls holds the source (``find`` with ``lock``)."""
    row = {"tenant_id": tenant_id, "source": name, "day": day_of(now), "requests": 0, "matches": 0}
    upsert(connection, enrichment_spending, [row], key=("tenant_id", "source", "day"))
    c = enrichment_spending.c
    where = sa.and_(c.tenant_id == tenant_id, c.source == name, c.day == row["day"])
    added = {"requests": c.requests + requests, "matches": c.matches + matches}
    connection.execute(sa.update(enrichment_spending).where(where).values(added))


def day_of(now: datetime) -> str:
    """Return the UTC day as the spending is kept by."""
    return now.strftime("%Y-%m-%d")


def _read(row: Any) -> Source:
    return Source(**{name: getattr(row, name) for name in Source.__dataclass_fields__})
