"""What admins turn on for an account, and what adapters keep of a record between two writes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from connector.store.types import Json

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the step."""
    op.add_column("connections", sa.Column("options", Json, nullable=False, server_default="{}"))
    op.add_column("outbox", sa.Column("marks", Json))


def downgrade() -> None:
    """Take the step back."""
    with op.batch_alter_table("outbox") as batch:
        batch.drop_column("marks")
    with op.batch_alter_table("connections") as batch:
        batch.drop_column("options")
