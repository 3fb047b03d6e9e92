"""The real-time lane: work that is to be done at once, and how long each stretch of it took."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, UniqueConstraint, Uuid

from connector.store.tables.base import metadata, of_connection, of_tenant
from connector.store.types import BigId, Text, UtcTime

lanes = Table(
    "lanes",
    metadata,
    Column("id", Uuid, primary_key=True),
    of_tenant(),
    of_connection(),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("asked", Integer, nullable=False, server_default="0"),
    Column("due_at", UtcTime, nullable=False),
    Column("leased_until", UtcTime),
    Column("fence", Integer, nullable=False, server_default="0"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("message", Text),
    UniqueConstraint("connection_id", "kind"),
    Index("ix_lanes_status_due_at", "status", "due_at"),
)

traces = Table(
    "traces",
    metadata,
    Column("id", BigId, primary_key=True),
    of_tenant(),
    of_connection(),
    Column("lead_id", BigId, ForeignKey("leads.id", ondelete="CASCADE"), nullable=False),
    Column("record_id", BigId, ForeignKey("records.id", ondelete="CASCADE"), nullable=False),
    Column("ended", Text),
    Column("happened_at", UtcTime, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("claimed_at", UtcTime, nullable=False),
    Column("fetched_at", UtcTime, nullable=False),
    Column("scored_at", UtcTime, nullable=False),
    Column("queued_at", UtcTime, nullable=False),
    Column("delivered_at", UtcTime),
    Index("ix_traces_connection_id_ended_queued_at", "connection_id", "ended", "queued_at"),
    Index("ix_traces_lead_id", "lead_id"),
    Index("ix_traces_record_id", "record_id"),
    Index("ix_traces_queued_at", "queued_at"),
)
