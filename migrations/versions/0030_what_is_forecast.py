"""Sealed forecasts: a week's list of leads, what was said of it, and what came.

Revision ID: 0030
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from connector.store.types import BigId, UtcTime

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both tables, of which nobody has a row yet."""
    op.create_table(
        "forecasts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("made_at", UtcTime(), nullable=False),
        sa.Column("opens_at", UtcTime(), nullable=False),
        sa.Column("promised", sa.Integer()),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("salt", sa.Text(), nullable=False),
        sa.Column("seal", sa.Text(), nullable=False),
        sa.Column("ledger_seq", BigId, nullable=False),
        sa.Column("outcome", sa.JSON()),
        sa.PrimaryKeyConstraint("id", name="pk_forecasts"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_forecasts_tenant_id", ondelete="CASCADE"),
    )
    op.create_index("ix_forecasts_tenant_id_made_at", "forecasts", ["tenant_id", "made_at"])
    op.create_table(
        "forecast_leads",
        sa.Column("forecast_id", sa.Uuid(), nullable=False),
        sa.Column("lead_id", BigId, nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("forecast_id", "lead_id", name="pk_forecast_leads"),
        sa.ForeignKeyConstraint(
            ["forecast_id"], ["forecasts.id"], name="fk_forecast_leads_forecast_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name="fk_forecast_leads_lead_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_forecast_leads_tenant_id", ondelete="CASCADE"),
    )
    op.create_index("ix_forecast_leads_lead_id", "forecast_leads", ["lead_id"])
    op.create_index("ix_forecast_leads_tenant_id", "forecast_leads", ["tenant_id"])


def downgrade() -> None:
    """Drop both; the ledger keeps the seals."""
    op.drop_table("forecast_leads")
    op.drop_table("forecasts")
