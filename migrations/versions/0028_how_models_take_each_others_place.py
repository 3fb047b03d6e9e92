"""How models take each other's place: a challenger's decision, its trial's model, and the way back.

Revision ID: 0028
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from connector.store.types import UtcTime

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_COLUMNS = {
    "trial": sa.LargeBinary(),
    "trial_begins": sa.BigInteger(),
    "decision": sa.JSON(),
    "decided_at": UtcTime(),
    "replaced": sa.Text(),
    "published_seq": sa.BigInteger(),
    "published_at": UtcTime(),
    "restored_at": UtcTime(),
    "restored_before": sa.BigInteger(),
}


def upgrade() -> None:
    """Add the columns; of models of before nothing of it is known."""
    for name, kind in _COLUMNS.items():
        op.add_column("models", sa.Column(name, kind))


def downgrade() -> None:
    """Take them away. An older release knows champions and retired models alone: to it, one that waits never scored."""
    op.execute("UPDATE models SET status = 'retired' WHERE status <> 'champion'")
    for name in reversed(_COLUMNS):
        op.drop_column("models", name)
