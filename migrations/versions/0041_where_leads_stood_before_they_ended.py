"""Where the newest wins and losses stood before they ended, by models of that time.

Revision ID: 0041
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from connector.store.types import UtcTime

revision = "0041"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; the next training fills it."""
    op.create_table(
        "lookbacks",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("lead_id", sa.BigInteger(), nullable=False),
        sa.Column("days_before", sa.Integer(), nullable=False),
        sa.Column("won", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("ended_at", UtcTime(), nullable=False),
        sa.Column("score_tenths", sa.Integer(), nullable=True),
        sa.Column("place", sa.Numeric(5, 4), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "model", "lead_id", "days_before", name="pk_lookbacks"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_lookbacks_tenant_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name="fk_lookbacks_lead_id", ondelete="CASCADE"),
    )
    op.create_index("ix_lookbacks_lead_id", "lookbacks", ["lead_id"])


def downgrade() -> None:
    """Drop it: no older release looks back."""
    op.drop_index("ix_lookbacks_lead_id", "lookbacks")
    op.drop_table("lookbacks")
