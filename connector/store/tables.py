"""Every table of the product. Each row that belongs to a tenant carries its id."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Numeric,
    Table,
    UniqueConstraint,
    Uuid,
    false,
    text,
    true,
)

from connector.store.types import BigId, Blob, Json, Money, Text, UtcTime

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _tenant() -> Column[object]:
    return Column("tenant_id", Uuid, ForeignKey("tenants.id", ondelete="CASCADE"), nullable=False)


def _connection(*, key: bool = False) -> Column[object]:
    return Column(
        "connection_id", Uuid, ForeignKey("connections.id", ondelete="CASCADE"), nullable=False, primary_key=key
    )


tenants = Table(
    "tenants",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("region", Text, nullable=False, server_default="default"),
    Column("settings", Json, nullable=False),
    Column("created_at", UtcTime, nullable=False),
)

connections = Table(
    "connections",
    metadata,
    Column("id", Uuid, primary_key=True),
    _tenant(),
    Column("vendor", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("account_name", Text, nullable=False),
    Column("ui_url", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("currency", Text),
    Column("api_origin", Text),
    Column("limited_as", Text),
    Column("hook_secrets", Text),
    Column("status", Text, nullable=False),
    Column("status_reason", Text),
    Column("notice", Text),
    Column("access_token", Text),
    Column("refresh_token", Text),
    Column("token_expires_at", UtcTime),
    Column("token_version", Integer, nullable=False, server_default="0"),
    Column("refresh_until", UtcTime),
    Column("tokens_saved_at", UtcTime),
    Column("looked_at", UtcTime),
    Column("pushed_at", UtcTime),
    Column("scopes", Json, nullable=False),
    Column("field_names", Json, nullable=False),
    Column("options", Json, nullable=False, server_default="{}"),
    Column("installed_at", UtcTime, nullable=False),
    UniqueConstraint("vendor", "account_id"),
    Index("ix_connections_tenant_id", "tenant_id"),
)

installs = Table(
    "installs",
    metadata,
    Column("state_hash", Text, primary_key=True),
    Column("session_hash", Text, nullable=False),
    Column("vendor", Text, nullable=False),
    Column("code_verifier", Text),
    Column("login", Text),
    Column("tenant_id", Uuid),
    Column("expires_at", UtcTime, nullable=False),
    Column("used_at", UtcTime),
)

streams = Table(
    "streams",
    metadata,
    _connection(key=True),
    Column("name", Text, primary_key=True),
    _tenant(),
    Column("label", Text, nullable=False),
    Column("cursor", Json),
    Column("read", Integer, nullable=False, server_default="0"),
    Column("rejected", Integer, nullable=False, server_default="0"),
    Column("expected", Integer),
    Column("drained_at", UtcTime),
    Column("unavailable", Text),
)

rejections = Table(
    "rejections",
    metadata,
    Column("id", BigId, primary_key=True),
    _tenant(),
    _connection(),
    Column("stream", Text, nullable=False),
    Column("vendor_id", Text, nullable=False),
    Column("reason", Text, nullable=False),
    UniqueConstraint("connection_id", "stream", "vendor_id"),
)

fields = Table(
    "fields",
    metadata,
    _connection(key=True),
    Column("name", Text, primary_key=True),
    _tenant(),
    Column("label", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("role", Text),
    Column("options", Json, nullable=False, server_default="{}"),
    Column("excludes", Json, nullable=False),
    Column("system", Boolean, nullable=False),
    Column("own", Boolean, nullable=False),
    Column("personal", Boolean, nullable=False),
    Column("company", Boolean, nullable=False),
    Column("history", Boolean, nullable=False, server_default=true()),
    Column("knowledge", Text),
)

companies = Table(
    "companies",
    metadata,
    Column("id", BigId, primary_key=True),
    _tenant(),
    _connection(),
    Column("vendor_id", Text, nullable=False),
    Column("name", Text),
    Column("domain", Text),
    Column("properties", Json, nullable=False),
    Column("modified_at", UtcTime, nullable=False),
    UniqueConstraint("connection_id", "vendor_id"),
    Index("ix_companies_tenant_id", "tenant_id"),
)

leads = Table(
    "leads",
    metadata,
    Column("id", BigId, primary_key=True),
    _tenant(),
    Column("key", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("company_key", Text),
    Column("email_kind", Text),
    UniqueConstraint("tenant_id", "key"),
)

records = Table(
    "records",
    metadata,
    Column("id", BigId, primary_key=True),
    _tenant(),
    _connection(),
    Column("vendor_id", Text, nullable=False),
    Column("lead_id", BigId, ForeignKey("leads.id", ondelete="SET NULL")),
    Column("join_reason", Text),
    Column("person_key", Text),
    Column("identified_as", Text),
    Column("apart", Boolean, nullable=False, server_default=false()),
    Column("email", Text),
    Column("company_id", Text),
    Column("company_since", UtcTime),
    Column("created_at", UtcTime, nullable=False),
    Column("modified_at", UtcTime, nullable=False),
    Column("properties", Json, nullable=False),
    Column("removed_at", UtcTime),
    Column("seen_at", UtcTime),
    UniqueConstraint("connection_id", "vendor_id"),
    Index("ix_records_tenant_id_lead_id", "tenant_id", "lead_id"),
    Index("ix_records_tenant_id_person_key", "tenant_id", "person_key"),
    Index("ix_records_connection_id_email", "connection_id", "email"),
)

links = Table(
    "record_links",
    metadata,
    Column("record_id", BigId, ForeignKey("records.id", ondelete="CASCADE"), primary_key=True),
    Column("vendor_id", Text, primary_key=True),
    _tenant(),
    Index("ix_record_links_tenant_id", "tenant_id"),
)

changes = Table(
    "property_changes",
    metadata,
    Column("record_id", BigId, ForeignKey("records.id", ondelete="CASCADE"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("at", UtcTime, primary_key=True),
    _tenant(),
    Column("value", Text),
    Index("ix_property_changes_tenant_id", "tenant_id"),
)

events = Table(
    "events",
    metadata,
    Column("id", BigId, primary_key=True),
    _tenant(),
    _connection(),
    Column("source", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("record_id", BigId, ForeignKey("records.id", ondelete="CASCADE")),
    Column("subject", Text),
    Column("kind", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("detail", Text),
    UniqueConstraint("connection_id", "source", "source_id"),
    Index("ix_events_record_id_at", "record_id", "at"),
    Index("ix_events_tenant_id", "tenant_id"),
    Index(
        "ix_events_unresolved",
        "connection_id",
        "subject",
        sqlite_where=text("record_id IS NULL"),
        postgresql_where=text("record_id IS NULL"),
    ),
)

conversions = Table(
    "conversions",
    metadata,
    Column("id", BigId, primary_key=True),
    _tenant(),
    _connection(),
    Column("source", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("record_id", BigId, ForeignKey("records.id", ondelete="CASCADE")),
    Column("subject", Text),
    Column("kind", Text, nullable=False),
    Column("at", UtcTime),
    Column("amount", Money),
    Column("currency", Text),
    UniqueConstraint("connection_id", "source", "source_id"),
    Index("ix_conversions_tenant_id", "tenant_id"),
    Index("ix_conversions_record_id", "record_id"),
)

models = Table(
    "models",
    metadata,
    Column("id", BigId, primary_key=True),
    _tenant(),
    Column("version", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("as_of", UtcTime, nullable=False),
    Column("seed", Integer, nullable=False),
    Column("artefact", Blob, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("report", Json, nullable=False),
    Column("created_at", UtcTime, nullable=False),
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
    _tenant(),
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
    Index("ix_scores_tenant_id_score", "tenant_id", "score", "lead_id"),
)

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

outbox = Table(
    "outbox",
    metadata,
    Column("record_id", BigId, ForeignKey("records.id", ondelete="CASCADE"), primary_key=True),
    _tenant(),
    _connection(),
    Column("status", Text, nullable=False),
    Column("ledger_seq", BigId, nullable=False),
    Column("due_at", UtcTime, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("message", Text),
    Column("values", Json, nullable=False),
    Column("delivered", Json),
    Column("delivered_at", UtcTime),
    Column("marks", Json),
    Index("ix_outbox_connection_id_status_due_at", "connection_id", "status", "due_at"),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Uuid, primary_key=True),
    _tenant(),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("as_of", UtcTime, nullable=False),
    Column("seed", Integer, nullable=False),
    Column("model", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("finished_at", UtcTime),
    Column("error", Text),
    Index("ix_runs_tenant_id_created_at", "tenant_id", "created_at"),
)

run_stages = Table(
    "run_stages",
    metadata,
    Column("run_id", Uuid, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("stage", Text, primary_key=True),
    _tenant(),
    Column("status", Text, nullable=False),
    Column("done", Integer, nullable=False, server_default="0"),
    Column("expected", Integer),
    Column("detail", Text),
    Column("started_at", UtcTime),
    Column("finished_at", UtcTime),
)

intents = Table(
    "intents",
    metadata,
    Column("id", Uuid, primary_key=True),
    _tenant(),
    Column("stage", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("run_id", Uuid, ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
    Column("status", Text, nullable=False),
    Column("due_at", UtcTime, nullable=False),
    Column("leased_until", UtcTime),
    Column("fence", Integer, nullable=False, server_default="0"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("message", Text),
    Column("created_at", UtcTime, nullable=False),
    UniqueConstraint("run_id", "stage", "subject"),
    Index("ix_intents_status_due_at", "status", "due_at"),
)

inbox = Table(
    "webhook_inbox",
    metadata,
    _connection(key=True),
    Column("dedupe_key", Text, primary_key=True),
    _tenant(),
    Column("kind", Text, nullable=False),
    Column("subject", Text),
    Column("occurred_at", UtcTime, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("handled_at", UtcTime),
)
