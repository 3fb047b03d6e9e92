"""Who is to be forgotten, whom no page may bring back, who may not be profiled, and accounts that were left.

The marks of mailboxes that were forgotten before are carried over, both ways.

Revision ID: 0021
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from connector.store.types import UtcTime

revision = "0021"
down_revision = "0018"
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
    op.drop_index("ix_webhook_inbox_erased", "webhook_inbox")


def downgrade() -> None:
    """Take the step back. Who is half erased then stays so; marks of records are not asked for by the older release."""
    erased = sa.text("kind = 'erased'")
    op.create_index(
        "ix_webhook_inbox_erased",
        "webhook_inbox",
        ["connection_id", "handled_at"],
        sqlite_where=erased,
        postgresql_where=erased,
    )
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
