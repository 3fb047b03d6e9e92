"""When an account was last asked whether anything changed, when it pushed, and when its tokens were last saved."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from connector.store.types import UtcTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the step."""
    op.add_column("connections", sa.Column("looked_at", UtcTime()))
    op.add_column("connections", sa.Column("pushed_at", UtcTime()))
    op.add_column("connections", sa.Column("tokens_saved_at", UtcTime()))


def downgrade() -> None:
    """Take the step back."""
    with op.batch_alter_table("connections") as batch:
        batch.drop_column("tokens_saved_at")
        batch.drop_column("pushed_at")
        batch.drop_column("looked_at")
