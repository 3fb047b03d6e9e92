"""What tenants who opted in give to each other: coefficients of features that mean the same everywhere."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from connector.store.types import UtcTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the step. Nobody has opted in yet, so nothing is given."""
    op.create_table(
        "model_shares",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("goal_kind", sa.Text(), nullable=False),
        sa.Column("horizon_days", sa.Integer(), nullable=False),
        sa.Column("share", sa.JSON(), nullable=False),
        sa.Column("given_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_model_shares_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "goal_kind", "horizon_days", name=op.f("pk_model_shares")),
    )
    op.create_index(op.f("ix_model_shares_goal_kind"), "model_shares", ["goal_kind", "horizon_days"])


def downgrade() -> None:
    """Take the step back."""
    op.drop_table("model_shares")
