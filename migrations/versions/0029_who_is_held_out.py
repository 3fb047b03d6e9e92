"""Randomised experiments: whose scores are held out, and what was seen of the arms.

Revision ID: 0029
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from connector.store.types import BigId, UtcTime

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_OPEN = sa.text("ended_at IS NULL")


def upgrade() -> None:
    """Add both tables, of which nobody has a row yet."""
    op.create_table(
        "experiments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("share", sa.Numeric(4, 3), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("goal", sa.Text(), nullable=False),
        sa.Column("horizon_days", sa.Integer(), nullable=False),
        sa.Column("planned_leads", sa.Integer(), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=False),
        sa.Column("begun_at", UtcTime(), nullable=False),
        sa.Column("closed_at", UtcTime()),
        sa.Column("ended_at", UtcTime()),
        sa.Column("looks", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_experiments"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_experiments_tenant_id", ondelete="CASCADE"),
    )
    op.create_index("ix_experiments_tenant_id", "experiments", ["tenant_id"])
    op.create_index(
        "ix_experiments_running", "experiments", ["tenant_id"], unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN
    )
    op.create_table(
        "experiment_leads",
        sa.Column("experiment_id", sa.Uuid(), nullable=False),
        sa.Column("lead_id", BigId, nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("treated", sa.Boolean(), nullable=False),
        sa.Column("added_at", UtcTime(), nullable=False),
        sa.Column("hot_at", UtcTime()),
        sa.PrimaryKeyConstraint("experiment_id", "lead_id", name="pk_experiment_leads"),
        sa.ForeignKeyConstraint(
            ["experiment_id"], ["experiments.id"], name="fk_experiment_leads_experiment_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name="fk_experiment_leads_lead_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name="fk_experiment_leads_tenant_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_experiment_leads_lead_id", "experiment_leads", ["lead_id"])
    op.create_index("ix_experiment_leads_tenant_id", "experiment_leads", ["tenant_id"])


def downgrade() -> None:
    """Drop both; whoever was held out is written to by the next scoring."""
    op.drop_table("experiment_leads")
    op.drop_table("experiments")
