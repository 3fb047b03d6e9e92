"""Whom a vendor's limits count, where that is not the account, and what an admin should know of one that works."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the step. Accounts of before are counted by themselves until they are installed again."""
    op.add_column("connections", sa.Column("limited_as", sa.Text()))
    op.add_column("connections", sa.Column("notice", sa.Text()))


def downgrade() -> None:
    """Take the step back."""
    with op.batch_alter_table("connections") as batch:
        batch.drop_column("notice")
        batch.drop_column("limited_as")
