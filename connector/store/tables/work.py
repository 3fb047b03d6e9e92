"""Work that waits: runs, intents, values on their way to a CRM, what vendors pushed."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, UniqueConstraint, Uuid, text

from connector.store.tables.base import metadata, of_connection, of_tenant
from connector.store.types import BigId, Json, Text, UtcTime

outbox = Table(
    "outbox",
    metadata,
    Column("record_id", BigId, ForeignKey("records.id", ondelete="CASCADE"), primary_key=True),
    of_tenant(),
    of_connection(),
    Column("status", Text, nullable=False),
    Column("ledger_seq", BigId, nullable=False),
    Column("due_at", UtcTime, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("message", Text),
    Column("values", Json, nullable=False),
    Column("delivered", Json),
    Column("delivered_at", UtcTime),
    Column("marks", Json),
    Column("as_of", UtcTime),
    Column("priority", Integer, nullable=False, server_default="0"),
    Column("claim", Uuid),
    Column("leased_until", UtcTime),
    Column("sent", Json),
    Column("sent_seq", BigId),
    Column("failing_since", UtcTime),
    Column("failed_at", UtcTime),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("overwritten_at", UtcTime),
    Index("ix_outbox_connection_id_status_due_at", "connection_id", "status", "due_at"),
)

write_jobs = Table(
    "write_jobs",
    metadata,
    of_connection(key=True),
    Column("job_id", Text, primary_key=True),
    of_tenant(),
    Column("claim", Uuid, nullable=False),
    Column("begun_at", UtcTime, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Uuid, primary_key=True),
    of_tenant(),
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
    of_tenant(),
    Column("status", Text, nullable=False),
    Column("done", Integer, nullable=False, server_default="0"),
    Column("expected", Integer),
    Column("unsized", Integer, nullable=False, server_default="0"),
    Column("detail", Text),
    Column("started_at", UtcTime),
    Column("finished_at", UtcTime),
)

intents = Table(
    "intents",
    metadata,
    Column("id", Uuid, primary_key=True),
    of_tenant(),
    Column("stage", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("run_id", Uuid, ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
    Column("status", Text, nullable=False),
    Column("due_at", UtcTime, nullable=False),
    Column("turn_at", UtcTime),
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
    of_connection(key=True),
    Column("dedupe_key", Text, primary_key=True),
    of_tenant(),
    Column("kind", Text, nullable=False),
    Column("subject", Text),
    Column("asked_by", Text),
    Column("occurred_at", UtcTime, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("handled_at", UtcTime),
    Index(
        "ix_webhook_inbox_waiting",
        "connection_id",
        "received_at",
        sqlite_where=text("handled_at IS NULL"),
        postgresql_where=text("handled_at IS NULL"),
    ),
)
