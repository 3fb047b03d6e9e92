"""What is due by the clock, tenant by tenant; when the last sweep was; whose turn it is; what has no size yet."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from connector.store.types import UtcTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the step. The next sweep enters the tenants that are there."""
    op.create_table(
        "schedules",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("due_at", UtcTime()),
        sa.Column("cadence_seconds", sa.Integer()),
        sa.Column("last_run_at", UtcTime()),
        sa.Column("leased_until", UtcTime()),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_schedules_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "kind", name=op.f("pk_schedules")),
    )
    op.create_index("ix_schedules_due_at", "schedules", ["due_at"])
    op.create_table(
        "pulses",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_pulses")),
    )
    op.add_column("intents", sa.Column("turn_at", UtcTime()))
    op.add_column("run_stages", sa.Column("unsized", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    """Take the step back. What was due by the clock is entered anew after the next upgrade."""
    op.drop_column("run_stages", "unsized")
    op.drop_column("intents", "turn_at")
    op.drop_table("pulses")
    op.drop_table("schedules")
