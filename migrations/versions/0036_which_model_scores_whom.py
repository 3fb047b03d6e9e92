"""Trials of models and of High-Intent lines beside holdouts: who is scored by what, and what becomes of it.

Revision ID: 0036
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from connector.store.types import UtcTime

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

_COLUMNS = {
    "challenger": sa.Text(),
    "champion": sa.Text(),
    "line": sa.Integer(),
    "usual_line": sa.Integer(),
    "begun_seq": sa.BigInteger(),
    "ends_at": UtcTime(),
    "outcome": sa.Text(),
    "watched": sa.JSON(),
}
_OPEN = sa.text("ended_at IS NULL")


def upgrade() -> None:
    """Let several kinds run at once, one of each; what ran before are holdouts."""
    op.add_column("experiments", sa.Column("kind", sa.Text(), nullable=False, server_default="holdout"))
    for name, kind in _COLUMNS.items():
        op.add_column("experiments", sa.Column(name, kind))
    op.drop_index("ix_experiments_running", "experiments")
    op.create_index(
        "ix_experiments_running",
        "experiments",
        ["tenant_id", "kind"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )


def downgrade() -> None:
    """Take trials away: an older release scores everybody by the champion, and a model under trial waits again."""
    op.execute("DELETE FROM experiments WHERE kind <> 'holdout'")
    op.execute("UPDATE models SET status = 'waiting' WHERE status = 'challenger'")
    op.drop_index("ix_experiments_running", "experiments")
    op.create_index(
        "ix_experiments_running", "experiments", ["tenant_id"], unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN
    )
    for name in reversed(_COLUMNS):
        op.drop_column("experiments", name)
    op.drop_column("experiments", "kind")
