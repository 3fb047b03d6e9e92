"""Models, scores, and the ledger of every score."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    Table,
    UniqueConstraint,
    Uuid,
    text,
)

from connector.store.tables.base import metadata, of_tenant
from connector.store.types import BigId, Blob, Json, Text, UtcTime

models = Table(
    "models",
    metadata,
    Column("id", BigId, primary_key=True),
    of_tenant(),
    Column("version", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("as_of", UtcTime, nullable=False),
    Column("seed", Integer, nullable=False),
    Column("artefact", Blob, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("report", Json, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    # Its trial's model, which has learned from rows of an earlier order than this alone (null: from none).
    Column("trial", Blob),
    Column("trial_begins", BigInteger),
    # What became of it as a challenger, and when.
    Column("decision", Json),
    Column("decided_at", UtcTime),
    # The champion that it took the place of, and the ledger's entry that says so: scores of before are older.
    Column("replaced", Text),
    Column("published_seq", BigInteger),
    Column("published_at", UtcTime),
    # When a rollback brought it back, and the entry from which on scores are another model's.
    Column("restored_at", UtcTime),
    Column("restored_before", BigInteger),
    UniqueConstraint("tenant_id", "version"),
)

score_maps = Table(
    "score_maps",
    metadata,
    Column("tenant_id", Uuid, ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True),
    Column("goal", Text, primary_key=True),
    Column("horizon_days", Integer, primary_key=True),
    Column("map", Json, nullable=False),
)

model_shares = Table(
    "model_shares",
    metadata,
    Column("tenant_id", Uuid, ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True),
    Column("goal_kind", Text, primary_key=True),
    Column("horizon_days", Integer, primary_key=True),
    Column("share", Json, nullable=False),
    Column("given_at", UtcTime, nullable=False),
    Index("ix_model_shares_goal_kind", "goal_kind", "horizon_days"),
)

scores = Table(
    "scores",
    metadata,
    Column("lead_id", BigId, ForeignKey("leads.id", ondelete="CASCADE"), primary_key=True),
    of_tenant(),
    Column("run_id", Uuid, nullable=False),
    Column("model", Text, nullable=False),
    Column("score", Numeric(4, 1), nullable=False),
    Column("probability", Numeric(9, 8), nullable=False),
    Column("tier", Text, nullable=False),
    Column("reasons", Json, nullable=False),
    Column("base_value", Text, nullable=False),
    Column("inputs_hash", Text, nullable=False),
    Column("as_of", UtcTime, nullable=False),
    Column("scored_at", UtcTime, nullable=False),
    # What CRMs are told instead, where a person said so (services/feedback/overriding).
    Column("by_hand", Json(none_as_null=True)),
    Index("ix_scores_tenant_id_score", "tenant_id", "score", "lead_id"),
    Index("ix_scores_tenant_id_tier", "tenant_id", "tier", "score", "lead_id"),
)

RARE = "kind <> 'scored'"
"""What parts the entries that people look for from those that each score makes."""

ledger = Table(
    "ledger",
    metadata,
    Column("tenant_id", Uuid, ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", BigId, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("lead_id", BigId),
    Column("commitment", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Index("ix_ledger_tenant_id_lead_id", "tenant_id", "lead_id"),
    Index("ix_ledger_rare", "tenant_id", "kind", "seq", sqlite_where=text(RARE), postgresql_where=text(RARE)),
)

ledger_payloads = Table(
    "ledger_payloads",
    metadata,
    Column("tenant_id", Uuid, ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", BigId, primary_key=True, autoincrement=False),
    Column("salt", Text, nullable=False),
    Column("body", Text, nullable=False),
)

ledger_heads = Table(
    "ledger_heads",
    metadata,
    Column("tenant_id", Uuid, ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", BigId, nullable=False),
    Column("hash", Text, nullable=False),
    Column("seal", Text),
)

ledger_checks = Table(
    "ledger_checks",
    metadata,
    Column("tenant_id", Uuid, ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True),
    # How far a check that is under way has come; null: none is.
    Column("begun_at", UtcTime),
    Column("seq", BigInteger, nullable=False),
    Column("hash", Text, nullable=False),
    # What the last one that came to its end found.
    Column("ended_at", UtcTime),
    Column("found", Json),
)

score_inputs = Table(
    "score_inputs",
    metadata,
    Column("tenant_id", Uuid, ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True),
    Column("first_seq", BigId, primary_key=True, autoincrement=False),
    Column("last_seq", BigId, nullable=False),
    Column("model", Text, nullable=False),
    Column("frame", Blob, nullable=False),
)

lookbacks = Table(
    "lookbacks",
    metadata,
    Column("tenant_id", Uuid, ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True),
    Column("model", Text, primary_key=True),
    Column("lead_id", BigId, ForeignKey("leads.id", ondelete="CASCADE"), primary_key=True),
    Column("days_before", Integer, primary_key=True, autoincrement=False),
    Column("won", Boolean, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("ended_at", UtcTime, nullable=False),
    Column("score_tenths", Integer),
    Column("place", Numeric(5, 4)),
    Index("ix_lookbacks_lead_id", "lead_id"),
)
"""Where the newest wins and losses stood before they ended: ``place`` is the share of the leads then open that a lead
stood above. Both figures are null where too little was known then."""
