"""What people say of scores: thumbs, values that they set by hand, and whom they leave out."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Numeric, Table, Uuid

from connector.store.tables.base import metadata, of_tenant
from connector.store.types import BigId, Text, UtcTime

feedback = Table(
    "feedback",
    metadata,
    Column("tenant_id", Uuid, ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", BigId, primary_key=True, autoincrement=False),
    Column("lead_id", BigId, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("author", Text, nullable=False),
    Column("good", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("scored_seq", BigId, nullable=False),
    Column("model", Text, nullable=False),
    Column("score", Numeric(4, 1), nullable=False),
    Column("probability", Numeric(9, 8), nullable=False),
    Column("tier", Text, nullable=False),
    Index("ix_feedback_tenant_id_lead_id", "tenant_id", "lead_id"),
)
"""Thumbs, to be counted: ``seq`` is the ledger's entry that says them, ``scored_seq`` that of the score they speak of.
The lead is named as the ledger names it, and the rows go with what that says of it."""

overrides = Table(
    "overrides",
    metadata,
    Column("id", Uuid, primary_key=True),
    of_tenant(),
    Column("record_id", BigId, ForeignKey("records.id", ondelete="CASCADE"), nullable=False),
    Column("tier", Text, nullable=False),
    Column("score", Numeric(4, 1)),
    Column("reason", Text, nullable=False),
    Column("note", Text),
    Column("made_by", Text, nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Column("until", UtcTime),
    Column("ended_by", Text),
    Column("ended_at", UtcTime),
    Index("ix_overrides_tenant_id", "tenant_id"),
    Index("ix_overrides_record_id", "record_id"),
)
"""What people say instead of the model, of whoever ``record_id`` belongs to; ``score`` null: the model's."""

exclusions = Table(
    "exclusions",
    metadata,
    Column("id", Uuid, primary_key=True),
    of_tenant(),
    Column("kind", Text, nullable=False),
    Column("value", Text),
    Column("record_id", BigId, ForeignKey("records.id", ondelete="CASCADE")),
    Column("reason", Text, nullable=False),
    Column("note", Text),
    Column("made_by", Text, nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Column("ended_by", Text),
    Column("ended_at", UtcTime),
    Index("ix_exclusions_tenant_id", "tenant_id"),
    Index("ix_exclusions_record_id", "record_id"),
)
"""Whom people leave out: by a domain or a company (``value``), or the person whom ``record_id`` belongs to."""

excluded_leads = Table(
    "excluded_leads",
    metadata,
    Column("exclusion_id", Uuid, ForeignKey("exclusions.id", ondelete="CASCADE"), primary_key=True),
    Column("lead_id", BigId, ForeignKey("leads.id", ondelete="CASCADE"), primary_key=True),
    of_tenant(),
    Index("ix_excluded_leads_lead_id", "lead_id"),
    Index("ix_excluded_leads_tenant_id", "tenant_id"),
)
"""Whom the open exclusions mean now, found again whenever what is known of a lead changes."""
