"""The secret of a webhook that a new one took the place of signs for a while yet.

Revision ID: 0026
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from connector.store.types import UtcTime

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; no address has a former secret yet."""
    op.add_column("webhook_endpoints", sa.Column("former_secret", sa.Text()))
    op.add_column("webhook_endpoints", sa.Column("former_until", UtcTime()))


def downgrade() -> None:
    """Take them away: an older release signs with the newest secret alone."""
    for name in ("former_until", "former_secret"):
        op.drop_column("webhook_endpoints", name)
