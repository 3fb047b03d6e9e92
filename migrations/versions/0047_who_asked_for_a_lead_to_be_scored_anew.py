"""A hint says who asked for a lead to be scored anew.

Revision ID: 0047
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column. What an older release enters says nothing."""
    op.add_column("webhook_inbox", sa.Column("asked_by", sa.Text()))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("webhook_inbox", "asked_by")
