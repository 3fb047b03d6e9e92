"""Outcomes that came before their record are found by whom they are about.

Without it each person's outcomes were looked for among all of an account's: the square of its size.

Revision ID: 0046
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

_WAITING = sa.text("record_id IS NULL")


def upgrade() -> None:
    """Add the index."""
    op.create_index(
        "ix_conversions_unresolved",
        "conversions",
        ["connection_id", "subject"],
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_conversions_unresolved", "conversions")
