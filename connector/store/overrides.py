"""Scores that people set by hand. One holds for whoever its record belongs to, so that it outlasts joins."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.tables import overrides, records
from connector.store.types import AnyRow


@dataclass(frozen=True, slots=True)
class Override:
    """A person's word: ``score`` None leaves the model's. ``until``: it ends then by itself.

    ``lead_id`` is whose it is now.
    """

    id: UUID
    tenant_id: UUID
    record_id: int
    tier: str
    score: Decimal | None
    reason: str
    note: str | None
    made_by: str
    made_at: datetime
    until: datetime | None
    ended_by: str | None
    ended_at: datetime | None
    lead_id: int


_NAMES = [name for name in Override.__dataclass_fields__ if name != "lead_id"]
# A record that stands for nobody yet does so within minutes.
_WHOSE = sa.and_(records.c.id == overrides.c.record_id, records.c.lead_id.is_not(None))
_ALL = sa.select(*(overrides.c[name] for name in _NAMES), records.c.lead_id).join(records, _WHOSE)
_OPEN = _ALL.where(overrides.c.tenant_id == sa.bindparam("whose"), overrides.c.ended_at.is_(None))
_OPEN_OF = _OPEN.where(records.c.lead_id.in_(sa.bindparam("persons", expanding=True))).order_by(
    overrides.c.made_at, overrides.c.id
)
"""Made once: asked whenever scores are kept."""


def _read(row: AnyRow) -> Override:
    return Override(**row._mapping)


def in_force(connection: Connection, tenant_id: UUID, lead_ids: Collection[int], now: datetime) -> dict[int, Override]:
    """Return lead → what people say of it now, of those of these leads of whom they do: the newest word, of several."""
    rows = connection.execute(_OPEN_OF, {"whose": tenant_id, "persons": list(lead_ids)})
    found = [_read(row) for row in rows]
    return {item.lead_id: item for item in found if item.until is None or item.until > now}


def open_of(connection: Connection, tenant_id: UUID, lead_id: int) -> Sequence[Override]:
    """Return all that was said of a lead and not taken back, oldest first, be its time over or not."""
    return [_read(row) for row in connection.execute(_OPEN_OF, {"whose": tenant_id, "persons": [lead_id]})]


def over(connection: Connection, tenant_id: UUID, now: datetime) -> Sequence[Override]:
    """Return those whose time is over and that nobody has ended yet."""
    query = _OPEN.where(overrides.c.until <= now).order_by(overrides.c.made_at, overrides.c.id)
    return [_read(row) for row in connection.execute(query, {"whose": tenant_id})]


def of_tenant(connection: Connection, tenant_id: UUID) -> Sequence[Override]:
    """Return all that hold, the oldest first."""
    query = _OPEN.order_by(overrides.c.made_at, overrides.c.id)
    return [_read(row) for row in connection.execute(query, {"whose": tenant_id})]


def add(connection: Connection, row: Mapping[str, Any]) -> None:
    """Add one (columns of ``overrides``)."""
    connection.execute(sa.insert(overrides), row)


def end(connection: Connection, tenant_id: UUID, ids: Collection[UUID], by: str, now: datetime) -> None:
    """Take them back; their rows stay."""
    mine = sa.and_(overrides.c.tenant_id == tenant_id, overrides.c.id.in_(ids), overrides.c.ended_at.is_(None))
    connection.execute(sa.update(overrides).where(mine).values(ended_by=by, ended_at=now))
