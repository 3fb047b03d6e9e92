"""Fields of which the CRM keeps no history."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the step."""
    op.add_column("fields", sa.Column("history", sa.Boolean(), nullable=False, server_default=sa.true()))


def downgrade() -> None:
    """Take the step back."""
    with op.batch_alter_table("fields") as batch:
        batch.drop_column("history")
