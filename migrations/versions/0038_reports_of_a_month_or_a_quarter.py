"""Reports of a month or a quarter as they were made, and whom they were told.

Revision ID: 0038
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from connector.store.types import UtcTime

revision = "0038"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables, of which nobody has a row yet."""
    op.create_table(
        "periodic_reports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("made_at", UtcTime(), nullable=False),
        sa.Column("summary", sa.JSON(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("pdf", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("ledger_seq", sa.BigInteger(), nullable=False),
        sa.Column("signed_at", UtcTime()),
        sa.Column("signed_by", sa.Text()),
        sa.Column("remark", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_periodic_reports"),
        sa.UniqueConstraint("tenant_id", "kind", "period", name="uq_periodic_reports_period"),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name="fk_periodic_reports_tenant_id", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "told_reports",
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("recipient_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("told_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("report_id", "recipient_id", name="pk_told_reports"),
        sa.ForeignKeyConstraint(
            ["report_id"], ["periodic_reports.id"], name="fk_told_reports_report_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["recipient_id"], ["digest_recipients.id"], name="fk_told_reports_recipient_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_told_reports_tenant_id", ondelete="CASCADE"),
    )
    op.create_index("ix_told_reports_tenant_id", "told_reports", ["tenant_id"])
    op.create_index("ix_told_reports_recipient_id", "told_reports", ["recipient_id"])


def downgrade() -> None:
    """Drop them: no older release shows a report. That each was made, with its hash, stays in the ledger."""
    op.drop_table("told_reports")
    op.drop_table("periodic_reports")
