"""What people are told of the scores' worth: figures by week, what marketing spent, and who is told."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Table, Uuid

from connector.store.tables.base import metadata, of_tenant
from connector.store.types import Json, Money, Text, UtcTime

kpi_reports = Table(
    "kpi_reports",
    metadata,
    Column("tenant_id", Uuid, ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True),
    Column("made_at", UtcTime, primary_key=True),
    Column("report", Json, nullable=False),
)
"""Counts, shares and sums over many leads, as they were then; nothing of anybody."""

marketing_spend = Table(
    "marketing_spend",
    metadata,
    Column("tenant_id", Uuid, ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True),
    Column("month", Text, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("currency", Text, primary_key=True),
    Column("amount", Money, nullable=False),
    Column("entered_at", UtcTime, nullable=False),
)
"""``month`` is such as 2026-02; ``channel`` is what the CRM calls the source of the leads that it brought."""

digest_recipients = Table(
    "digest_recipients",
    metadata,
    Column("id", Uuid, primary_key=True),
    of_tenant(),
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE")),
    Column("kind", Text, nullable=False),
    Column("sealed", Text, nullable=False),
    Column("added_at", UtcTime, nullable=False),
    Column("digest_at", UtcTime),
    Column("told_at", UtcTime),
    Column("trouble", Text),
    Index("ix_digest_recipients_tenant_id", "tenant_id"),
    Index("ix_digest_recipients_user_id", "user_id"),
)
"""``sealed`` holds the address. One that is a user's goes with the user. ``digest_at`` is when the last digest was
settled (sent, or refused for good), ``told_at`` when anything was sent."""

told_alerts = Table(
    "told_alerts",
    metadata,
    Column("recipient_id", Uuid, ForeignKey("digest_recipients.id", ondelete="CASCADE"), primary_key=True),
    Column("key", Text, primary_key=True),
    of_tenant(),
    Column("told_at", UtcTime, nullable=False),
    Index("ix_told_alerts_tenant_id", "tenant_id"),
)
"""Alerts that are open and were told to an address: each is told once, and again only after it was over."""
