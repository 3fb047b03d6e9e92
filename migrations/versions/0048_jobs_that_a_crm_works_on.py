"""Which jobs of ours a CRM may still be working on, so that whoever takes their rows over can stop them.

Revision ID: 0048
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from connector.store.types import UtcTime

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table. Older releases note nothing in it."""
    op.create_table(
        "write_jobs",
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("claim", sa.Uuid(), nullable=False),
        sa.Column("begun_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("connection_id", "job_id", name="pk_write_jobs"),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connections.id"], name="fk_write_jobs_connection_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_write_jobs_tenant_id", ondelete="CASCADE"),
    )


def downgrade() -> None:
    """Drop it: older releases stop no job."""
    op.drop_table("write_jobs")
