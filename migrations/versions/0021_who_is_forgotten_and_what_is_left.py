"""Who is to be forgotten, whom no page may bring back, who may not be profiled, and accounts that were left.

The marks of mailboxes that were forgotten before are carried over, both ways.

Revision ID: 0021
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from connector.store.types import UtcTime

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the step."""
    op.create_table(
        "tombstones",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("mark", sa.String(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_tombstones_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "mark", name=op.f("pk_tombstones")),
    )
    op.execute("INSERT INTO tombstones (tenant_id, mark, at) SELECT tenant_id, mailbox, at FROM forgotten_mailboxes")
    op.drop_table("forgotten_mailboxes")
    op.create_table(
        "erasures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_at", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=False),
        sa.Column("leased_until", UtcTime()),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("message", sa.String()),
        sa.Column("person", sa.JSON()),
        sa.Column("found", sa.JSON()),
        sa.Column("finished_at", UtcTime()),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_erasures_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
    )
    op.create_index("ix_erasures_tenant_id", "erasures", ["tenant_id"])
    unfinished = sa.text("finished_at IS NULL")
    op.create_index("ix_erasures_open", "erasures", ["due_at"], sqlite_where=unfinished, postgresql_where=unfinished)
    op.create_table(
        "departures",
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("clear", sa.Boolean(), nullable=False),
        sa.Column("access_token", sa.String()),
        sa.Column("refresh_token", sa.String()),
        sa.Column("token_expires_at", UtcTime()),
        sa.Column("asked_at", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=False),
        sa.Column("leased_until", UtcTime()),
        sa.Column("message", sa.String()),
        sa.Column("ended_at", UtcTime()),
        sa.Column("data_due_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connections.id"], name=op.f("fk_departures_connection_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_departures_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("connection_id", name=op.f("pk_departures")),
    )
    op.create_index("ix_departures_tenant_id", "departures", ["tenant_id"])
    not_ended = sa.text("ended_at IS NULL")
    op.create_index("ix_departures_open", "departures", ["due_at"], sqlite_where=not_ended, postgresql_where=not_ended)
    op.drop_index("ix_webhook_inbox_erased", "webhook_inbox")
    op.add_column("fields", sa.Column("allowed", sa.Boolean()))
    op.add_column("records", sa.Column("objected_at", UtcTime()))
    objected = sa.text("objected_at IS NOT NULL")
    op.create_index(
        "ix_records_objected", "records", ["tenant_id", "lead_id"], sqlite_where=objected, postgresql_where=objected
    )


def downgrade() -> None:
    """Take the step back. Who is half erased stays so, and the older release scores those again who objected to it."""
    with op.batch_alter_table("fields") as batch:
        batch.drop_column("allowed")
    op.drop_index("ix_records_objected", "records")
    with op.batch_alter_table("records") as batch:
        batch.drop_column("objected_at")
    erased = sa.text("kind = 'erased'")
    op.create_index(
        "ix_webhook_inbox_erased",
        "webhook_inbox",
        ["connection_id", "handled_at"],
        sqlite_where=erased,
        postgresql_where=erased,
    )
    op.drop_table("departures")
    op.drop_table("erasures")
    op.create_table(
        "forgotten_mailboxes",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("mailbox", sa.String(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_forgotten_mailboxes_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "mailbox", name=op.f("pk_forgotten_mailboxes")),
    )
    op.execute("INSERT INTO forgotten_mailboxes (tenant_id, mailbox, at) SELECT tenant_id, mark, at FROM tombstones")
    op.drop_table("tombstones")
