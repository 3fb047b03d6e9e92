"""The state of each pitfall, and since when.

Revision ID: 0035
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from connector.store.types import UtcTime

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; it is filled by the first look."""
    op.create_table(
        "pitfalls",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.Column("looked_at", UtcTime(), nullable=False),
        sa.Column("seen", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "key", name="pk_pitfalls"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_pitfalls_tenant_id", ondelete="CASCADE"),
    )


def downgrade() -> None:
    """Drop it: the next look finds the states again, though not since when."""
    op.drop_table("pitfalls")
