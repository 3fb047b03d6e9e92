"""Whether those who come still look like those whom the model learned from: what they are compared with, and alarms.

Shares of many people, of nobody by themselves.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Table, Uuid

from connector.store.tables.base import metadata, of_tenant
from connector.store.types import BigId, Json, Text, UtcTime

drift_references = Table(
    "drift_references",
    metadata,
    Column("tenant_id", Uuid, ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True),
    Column("model", Text, nullable=False),
    Column("learned_at", UtcTime, nullable=False),
    Column("reference", Json, nullable=False),
)
"""What arrivals looked like until ``model`` was trained (scoring/monitoring/reference.py)."""

drift_findings = Table(
    "drift_findings",
    metadata,
    Column("tenant_id", Uuid, ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True),
    Column("day", UtcTime, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("told", Json, nullable=False),
)
"""One row a day and measure; the row whose subject is ``arrivals`` says what was looked at, and what is foretold."""

drift_alarms = Table(
    "drift_alarms",
    metadata,
    Column("id", BigId, primary_key=True),
    of_tenant(),
    Column("subject", Text, nullable=False),
    Column("measure", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("sentence", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    Column("accepted_at", UtcTime),
    Column("closed_at", UtcTime),
    Index("ix_drift_alarms_tenant_id", "tenant_id", "closed_at"),
)
"""``accepted_at``: somebody said that it is meant to be so; the alarm is silent until it closes by itself."""
