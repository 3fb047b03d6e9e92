"""What a tenant's own systems are told of by itself: their addresses, and what waits to be sent there."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Uuid, text

from connector.store.tables.base import metadata, of_tenant
from connector.store.types import BigId, Json, Text, UtcTime

webhook_endpoints = Table(
    "webhook_endpoints",
    metadata,
    Column("id", Uuid, primary_key=True),
    of_tenant(),
    Column("url", Text, nullable=False),
    Column("secret", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("secret_made_at", UtcTime, nullable=False),
    Column("former_secret", Text),
    Column("former_until", UtcTime),
    Column("paused_at", UtcTime),
    Column("trouble", Text),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("failing_since", UtcTime),
    Column("delivered_at", UtcTime),
    Column("due_at", UtcTime),
    Column("claim", Uuid),
    Column("leased_until", UtcTime),
    Index("ix_webhook_endpoints_tenant_id", "tenant_id"),
    Index(
        "ix_webhook_endpoints_due",
        "due_at",
        sqlite_where=text("due_at IS NOT NULL"),
        postgresql_where=text("due_at IS NOT NULL"),
    ),
)
"""``former_secret`` signs beside the other ``former_until`` then. ``due_at`` is when a worker has something to do
there, null while nothing waits. ``failures`` counts those in a row that were the receiver's, for which it is left alone
longer and longer."""

webhook_events = Table(
    "webhook_events",
    metadata,
    Column("id", Uuid, primary_key=True),
    of_tenant(),
    Column("endpoint_id", Uuid, ForeignKey("webhook_endpoints.id", ondelete="CASCADE"), nullable=False),
    Column("lead_id", BigId, ForeignKey("leads.id", ondelete="CASCADE")),
    Column("kind", Text, nullable=False),
    Column("data", Json, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("due_at", UtcTime),
    Column("give_up_at", UtcTime, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("message", Text),
    Index("ix_webhook_events_tenant_id", "tenant_id"),
    Index("ix_webhook_events_endpoint_id", "endpoint_id", "due_at", "id"),
    Index("ix_webhook_events_lead_id", "lead_id"),
)
"""One message to one address, gone once it was taken there. ``due_at`` null: it was given up, and can be sent again."""
