"""Since when a record's own values count, where the person was known before the record.

Revision ID: 0018
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from connector.store.types import UtcTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; it is filled in as records are read again."""
    op.add_column("records", sa.Column("values_since", UtcTime()))


def downgrade() -> None:
    """Take it away."""
    with op.batch_alter_table("records") as batch:
        batch.drop_column("values_since")
