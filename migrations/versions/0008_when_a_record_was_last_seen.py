"""When a record was last seen in its CRM, so that a census finds those that left without a trace."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from connector.store.types import UtcTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the step."""
    op.add_column("records", sa.Column("seen_at", UtcTime()))


def downgrade() -> None:
    """Take the step back."""
    with op.batch_alter_table("records") as batch:
        batch.drop_column("seen_at")
