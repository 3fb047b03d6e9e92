"""Each account keeps on which scale its values are meant, so that a change of the scale is followed to its end.

Revision ID: 0044
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column: of accounts of before all values are on the scale from 0 to 100."""
    with op.batch_alter_table("publications") as table:
        table.add_column(sa.Column("scale", sa.Text))


def downgrade() -> None:
    """Drop it. A program of before writes points again, with the next scores that move."""
    with op.batch_alter_table("publications") as table:
        table.drop_column("scale")
