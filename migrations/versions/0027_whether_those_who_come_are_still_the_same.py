"""Arrivals are compared with those whom the model learned from, every day; alarms tell what changed.

Revision ID: 0027
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from connector.store.types import BigId, UtcTime

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables, of which nobody has a row yet: the first watch of each tenant makes them."""
    op.create_table(
        "drift_references",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("learned_at", UtcTime(), nullable=False),
        sa.Column("reference", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_drift_references_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_drift_references")),
    )
    op.create_table(
        "drift_findings",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("day", UtcTime(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_drift_findings_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "day", "subject", name=op.f("pk_drift_findings")),
    )
    op.create_table(
        "drift_alarms",
        sa.Column("id", BigId, nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("opened_at", UtcTime(), nullable=False),
        sa.Column("accepted_at", UtcTime()),
        sa.Column("closed_at", UtcTime()),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_drift_alarms_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drift_alarms")),
    )
    op.create_index("ix_drift_alarms_tenant_id", "drift_alarms", ["tenant_id", "closed_at"])


def downgrade() -> None:
    """Take them away: an older release watches nothing, and what they tell can be found out again."""
    op.drop_table("drift_alarms")
    op.drop_table("drift_findings")
    op.drop_table("drift_references")
