"""What each tenant's work takes by day: milliseconds of processors, and requests to CRMs.

Revision ID: 0039
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; counting begins with this release."""
    op.create_table(
        "usage_days",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "day", "what", name="pk_usage_days"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_usage_days_tenant_id", ondelete="CASCADE"),
    )


def downgrade() -> None:
    """Drop it: no older release counts."""
    op.drop_table("usage_days")
