"""What each tenant's work took by day, and how much is stored of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.bulk import Merge, upsert
from connector.store.tables import ledger, metadata, scores, usage_days

_SAMPLE = 200
"""Rows of a table whose mean size stands for all."""


def _added(new: Any) -> Mapping[str, Any]:
    return {"amount": usage_days.c.amount + new.amount}


_ADD = Merge(_added)


def add(connection: Connection, tenant_id: UUID, day: str, amounts: Mapping[str, int]) -> None:
    """Add amounts (as ``usage_days`` names them) to those of a day."""
    rows = [
        {"tenant_id": tenant_id, "day": day, "what": what, "amount": amount} for what, amount in sorted(amounts.items())
    ]
    upsert(connection, usage_days, rows, key=("tenant_id", "day", "what"), merge=_ADD)


def of_days(connection: Connection, tenant_id: UUID, first: str, last: str) -> Mapping[str, Mapping[str, int]]:
    """Return what → day → amount from a day to another, both included."""
    c = usage_days.c
    query = sa.select(c.what, c.day, c.amount).where(c.tenant_id == tenant_id, c.day.between(first, last))
    found: dict[str, dict[str, int]] = {}
    for row in connection.execute(query.order_by(c.what, c.day)):
        found.setdefault(row.what, {})[row.day] = row.amount
    return found


def begun(connection: Connection, tenant_id: UUID) -> str | None:
    """Return the first day that anything was counted on."""
    query = sa.select(sa.func.min(usage_days.c.day)).where(usage_days.c.tenant_id == tenant_id)
    first: str | None = connection.execute(query).scalar_one()
    return first


def scored(connection: Connection, tenant_id: UUID, start: datetime, end: datetime) -> tuple[int, int]:
    """Return how many scores were made in [start, end), and how many leads have one now."""
    c = ledger.c
    made = sa.select(sa.func.count()).where(c.tenant_id == tenant_id, c.kind == "scored", c.at >= start, c.at < end)
    held = sa.select(sa.func.count()).select_from(scores).where(scores.c.tenant_id == tenant_id)
    return connection.execute(made).scalar_one(), connection.execute(held).scalar_one()


def stored(connection: Connection, tenant_id: UUID) -> Mapping[str, tuple[int, int]]:
    """Return table → (rows of the tenant, bytes): the mean size of some rows, times all. Indexes are not in it."""
    found = {}
    for table in metadata.sorted_tables:
        if "tenant_id" not in table.c:
            continue
        mine = table.c.tenant_id == tenant_id
        rows = connection.execute(sa.select(sa.func.count()).select_from(table).where(mine)).scalar_one()
        if rows:
            some = connection.execute(sa.select(*_sizes(table)).where(mine).limit(_SAMPLE)).all()
            size = sum(sum(part or 0 for part in row) for row in some)
            found[table.name] = (rows, round(size * rows / len(some)))
    return found


def _sizes(table: sa.Table) -> list[sa.ColumnElement[int]]:
    """The bytes of each column: blobs as they are, all else as text."""
    blobs = (sa.LargeBinary,)
    return [
        sa.func.length(column if isinstance(column.type, blobs) else sa.cast(column, sa.Text)) for column in table.c
    ]
