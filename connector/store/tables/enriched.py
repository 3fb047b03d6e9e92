"""What a tenant gets to know of its leads' companies from elsewhere, and the scores of companies."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, ForeignKeyConstraint, Index, Integer, Numeric, Table, Uuid, false

from connector.store.tables.base import metadata, of_tenant
from connector.store.types import BigId, Json, Text, UtcTime


def _of_source() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["tenant_id", "source"], ["enrichment_sources.tenant_id", "enrichment_sources.name"], ondelete="CASCADE"
    )


enrichment_sources = Table(
    "enrichment_sources",
    metadata,
    Column("tenant_id", Uuid, ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("enabled", Boolean, nullable=False, server_default=false()),
    Column("config", Json, nullable=False),
    Column("secret", Text),
    Column("daily_limit", Integer, nullable=False),
    Column("monthly_limit", Integer, nullable=False),
    Column("fresh_days", Integer, nullable=False),
    Column("trouble", Text),
    Column("changed_at", UtcTime, nullable=False),
)

enrichment_values = Table(
    "enrichment_values",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("domain", Text, primary_key=True),
    Column("field", Text, primary_key=True),
    Column("known_at", UtcTime, primary_key=True),
    Column("value", Text, nullable=False),
    Column("stated", Boolean, nullable=False),
    Column("got_at", UtcTime, nullable=False),
    _of_source(),
)

enrichment_answers = Table(
    "enrichment_answers",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("domain", Text, primary_key=True),
    Column("outcome", Text, nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    _of_source(),
)

enrichment_spending = Table(
    "enrichment_spending",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("day", Text, primary_key=True),
    Column("requests", Integer, nullable=False),
    Column("matches", Integer, nullable=False),
    _of_source(),
)

company_scores = Table(
    "company_scores",
    metadata,
    Column("id", BigId, primary_key=True),
    of_tenant(),
    Column("company_key", Text, nullable=False),
    Column("probability", Numeric(9, 8), nullable=False),
    Column("leads", Integer, nullable=False),
    Column("high_intent", Integer, nullable=False),
    Column("best_lead_id", BigId, ForeignKey("leads.id", ondelete="SET NULL")),
    Column("model", Text, nullable=False),
    Column("as_of", UtcTime, nullable=False),
    Column("scored_at", UtcTime, nullable=False),
    Index("uq_company_scores_company", "tenant_id", "company_key", unique=True),
    Index("ix_company_scores_tenant_id_probability", "tenant_id", "probability", "id"),
)
