"""The real-time lane: work that is to be done at once, how long it took, and what finds a few people among many."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from connector.store.types import BigId, UtcTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

WAITING, ERASED = sa.text("handled_at IS NULL"), sa.text("kind = 'erased'")


def upgrade() -> None:
    """Apply the step. Hints that wait by then are read by the next refresh, as before."""
    op.create_table(
        "lanes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("asked", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due_at", UtcTime(), nullable=False),
        sa.Column("leased_until", UtcTime()),
        sa.Column("fence", sa.Integer(), server_default="0", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("message", sa.Text()),
        *_owned("lanes"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lanes")),
        sa.UniqueConstraint("connection_id", "kind", name=op.f("uq_lanes_connection_id_kind")),
    )
    op.create_index(op.f("ix_lanes_status_due_at"), "lanes", ["status", "due_at"])
    _traces()
    op.create_index(op.f("ix_leads_tenant_id_company_key"), "leads", ["tenant_id", "company_key"])
    op.create_index(op.f("ix_record_links_vendor_id"), "record_links", ["vendor_id"])
    for name, column, where in (("waiting", "received_at", WAITING), ("erased", "handled_at", ERASED)):
        columns = ["connection_id", column]
        index = op.f(f"ix_webhook_inbox_{name}")
        op.create_index(index, "webhook_inbox", columns, sqlite_where=where, postgresql_where=where)


def _traces() -> None:
    op.create_table(
        "traces",
        sa.Column("id", BigId, nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("lead_id", BigId, nullable=False),
        sa.Column("record_id", BigId, nullable=False),
        sa.Column("ended", sa.Text()),
        sa.Column("happened_at", UtcTime(), nullable=False),
        sa.Column("received_at", UtcTime(), nullable=False),
        sa.Column("claimed_at", UtcTime(), nullable=False),
        sa.Column("fetched_at", UtcTime(), nullable=False),
        sa.Column("scored_at", UtcTime(), nullable=False),
        sa.Column("queued_at", UtcTime(), nullable=False),
        sa.Column("delivered_at", UtcTime()),
        *_owned("traces"),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_traces_lead_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"], name=op.f("fk_traces_record_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_traces")),
    )
    ended = ["connection_id", "ended", "queued_at"]
    op.create_index(op.f("ix_traces_connection_id_ended_queued_at"), "traces", ended)
    for column in ("lead_id", "record_id", "queued_at"):
        op.create_index(op.f(f"ix_traces_{column}"), "traces", [column])


def _owned(table: str) -> list[sa.ForeignKeyConstraint]:
    """The keys of what belongs to a tenant and one of its connections."""
    return [
        sa.ForeignKeyConstraint([f"{one}_id"], [f"{one}s.id"], name=op.f(f"fk_{table}_{one}_id"), ondelete="CASCADE")
        for one in ("tenant", "connection")
    ]


def downgrade() -> None:
    """Take the step back."""
    for name in ("erased", "waiting"):
        op.drop_index(op.f(f"ix_webhook_inbox_{name}"), "webhook_inbox")
    op.drop_index(op.f("ix_record_links_vendor_id"), "record_links")
    op.drop_index(op.f("ix_leads_tenant_id_company_key"), "leads")
    op.drop_table("traces")
    op.drop_table("lanes")
