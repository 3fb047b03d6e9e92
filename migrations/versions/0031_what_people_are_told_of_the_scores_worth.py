"""Figures by week, what marketing spent, and who is told of both and of alerts.

Revision ID: 0031
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from connector.store.types import Money, UtcTime

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables, of which nobody has a row yet."""
    op.create_table(
        "kpi_reports",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("made_at", UtcTime(), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "made_at", name="pk_kpi_reports"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_kpi_reports_tenant_id", ondelete="CASCADE"),
    )
    op.create_table(
        "marketing_spend",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount", Money, nullable=False),
        sa.Column("entered_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "month", "channel", "currency", name="pk_marketing_spend"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_marketing_spend_tenant_id", ondelete="CASCADE"),
    )
    op.create_table(
        "digest_recipients",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid()),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("added_at", UtcTime(), nullable=False),
        sa.Column("digest_at", UtcTime()),
        sa.Column("told_at", UtcTime()),
        sa.Column("trouble", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_digest_recipients"),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name="fk_digest_recipients_tenant_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_digest_recipients_user_id", ondelete="CASCADE"),
    )
    op.create_index("ix_digest_recipients_tenant_id", "digest_recipients", ["tenant_id"])
    op.create_index("ix_digest_recipients_user_id", "digest_recipients", ["user_id"])
    op.create_table(
        "told_alerts",
        sa.Column("recipient_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("told_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("recipient_id", "key", name="pk_told_alerts"),
        sa.ForeignKeyConstraint(
            ["recipient_id"], ["digest_recipients.id"], name="fk_told_alerts_recipient_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_told_alerts_tenant_id", ondelete="CASCADE"),
    )
    op.create_index("ix_told_alerts_tenant_id", "told_alerts", ["tenant_id"])


def downgrade() -> None:
    """Drop them: no older release would tell anybody. Figures are made anew, spend is entered again."""
    op.drop_table("told_alerts")
    op.drop_table("digest_recipients")
    op.drop_table("marketing_spend")
    op.drop_table("kpi_reports")
