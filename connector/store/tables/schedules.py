"""What is done by the clock: for each tenant, and when the last sweep was."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Uuid

from connector.store.tables.base import metadata
from connector.store.types import Text, UtcTime

schedules = Table(
    "schedules",
    metadata,
    Column("tenant_id", Uuid, ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("due_at", UtcTime),
    Column("cadence_seconds", Integer),
    Column("last_run_at", UtcTime),
    Column("leased_until", UtcTime),
    Index("ix_schedules_due_at", "due_at"),
)

pulses = Table(
    "pulses",
    metadata,
    Column("name", Text, primary_key=True),
    Column("at", UtcTime, nullable=False),
)
