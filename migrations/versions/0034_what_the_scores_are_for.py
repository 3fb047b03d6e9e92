"""Objectives: what is drafted, and what an owner has signed.

Revision ID: 0034
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from connector.store.types import BigId, UtcTime

revision = "0034"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both tables, of which nobody has a row yet."""
    op.create_table(
        "objective_drafts",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("drafted_at", UtcTime(), nullable=False),
        sa.Column("drafted_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name="pk_objective_drafts"),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name="fk_objective_drafts_tenant_id", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "objectives",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("drafted_at", UtcTime(), nullable=False),
        sa.Column("drafted_by", sa.Text(), nullable=False),
        sa.Column("signed_at", UtcTime(), nullable=False),
        sa.Column("signed_by", sa.Text(), nullable=False),
        sa.Column("ledger_seq", BigId, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "version", name="pk_objectives"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_objectives_tenant_id", ondelete="CASCADE"),
    )


def downgrade() -> None:
    """Drop both; the ledger keeps what was signed, and the settings stay as it set them."""
    op.drop_table("objectives")
    op.drop_table("objective_drafts")
