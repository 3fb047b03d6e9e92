"""What other sources tell of leads' companies, what was asked of them, and the scores of companies.

Revision ID: 0023
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from connector.store.types import BigId, UtcTime

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_TOLD = ("enrichment_values", "enrichment_answers", "enrichment_spending")


def _of_source(table: str) -> tuple[sa.Column[object], sa.Column[object], sa.ForeignKeyConstraint]:
    return (
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "source"],
            ["enrichment_sources.tenant_id", "enrichment_sources.name"],
            name=op.f(f"fk_{table}_tenant_id"),
            ondelete="CASCADE",
        ),
    )


def upgrade() -> None:
    """Add the tables; nobody has a source yet, and companies get their scores with the next run."""
    op.create_table(
        "enrichment_sources",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("config", sa.JSON(), nullable=False),
        sa.Column("secret", sa.Text()),
        sa.Column("daily_limit", sa.Integer(), nullable=False),
        sa.Column("monthly_limit", sa.Integer(), nullable=False),
        sa.Column("fresh_days", sa.Integer(), nullable=False),
        sa.Column("trouble", sa.Text()),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_enrichment_sources_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "name", name=op.f("pk_enrichment_sources")),
    )
    op.create_table(
        "enrichment_values",
        *_of_source("enrichment_values"),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("known_at", UtcTime(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("stated", sa.Boolean(), nullable=False),
        sa.Column("got_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "source", "domain", "field", "known_at", name=op.f("pk_enrichment_values")
        ),
    )
    op.create_table(
        "enrichment_answers",
        *_of_source("enrichment_answers"),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("asked_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "source", "domain", name=op.f("pk_enrichment_answers")),
    )
    op.create_table(
        "enrichment_spending",
        *_of_source("enrichment_spending"),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("matches", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "source", "day", name=op.f("pk_enrichment_spending")),
    )
    op.create_table(
        "company_scores",
        sa.Column("id", BigId, nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("company_key", sa.Text(), nullable=False),
        sa.Column("probability", sa.Numeric(9, 8), nullable=False),
        sa.Column("leads", sa.Integer(), nullable=False),
        sa.Column("high_intent", sa.Integer(), nullable=False),
        sa.Column("best_lead_id", BigId),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("as_of", UtcTime(), nullable=False),
        sa.Column("scored_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_company_scores_tenant_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["best_lead_id"], ["leads.id"], name=op.f("fk_company_scores_best_lead_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company_scores")),
    )
    op.create_index("uq_company_scores_company", "company_scores", ["tenant_id", "company_key"], unique=True)
    op.create_index("ix_company_scores_tenant_id_probability", "company_scores", ["tenant_id", "probability", "id"])


def downgrade() -> None:
    """Take them away, with what they hold: no older release knows of it."""
    op.drop_table("company_scores")
    for table in _TOLD:
        op.drop_table(table)
    op.drop_table("enrichment_sources")
