"""What a CRM does not date: fields without a history, and since when a company is a record's."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from connector.store.types import UtcTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the step."""
    op.add_column("fields", sa.Column("history", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("records", sa.Column("company_since", UtcTime()))


def downgrade() -> None:
    """Take the step back."""
    with op.batch_alter_table("records") as batch:
        batch.drop_column("company_since")
    with op.batch_alter_table("fields") as batch:
        batch.drop_column("history")
