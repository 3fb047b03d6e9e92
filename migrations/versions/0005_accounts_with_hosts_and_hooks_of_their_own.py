"""Accounts with API hosts and hooks of their own, and a choice of where to sign in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the step."""
    op.add_column("connections", sa.Column("api_origin", sa.Text()))
    op.add_column("connections", sa.Column("hook_secrets", sa.Text()))
    op.add_column("installs", sa.Column("login", sa.Text()))


def downgrade() -> None:
    """Take the step back."""
    with op.batch_alter_table("connections") as batch:
        batch.drop_column("hook_secrets")
        batch.drop_column("api_origin")
    with op.batch_alter_table("installs") as batch:
        batch.drop_column("login")
