"""What people say of scores: thumbs, values that they set by hand, and whom they leave out.

Revision ID: 0032
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from connector.store.types import BigId, UtcTime

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables, of which nobody has a row yet, and a column that says of a score what is told instead."""
    op.add_column("scores", sa.Column("by_hand", sa.JSON()))
    op.create_table(
        "feedback",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("seq", BigId, nullable=False, autoincrement=False),
        sa.Column("lead_id", BigId, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("good", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("scored_seq", BigId, nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("score", sa.Numeric(4, 1), nullable=False),
        sa.Column("probability", sa.Numeric(9, 8), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "seq", name="pk_feedback"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_feedback_tenant_id", ondelete="CASCADE"),
    )
    op.create_index("ix_feedback_tenant_id_lead_id", "feedback", ["tenant_id", "lead_id"])
    op.create_table("overrides", *_kept("overrides", record=False), *_OVERRIDES)
    op.create_index("ix_overrides_tenant_id", "overrides", ["tenant_id"])
    op.create_index("ix_overrides_record_id", "overrides", ["record_id"])
    op.create_table("exclusions", *_kept("exclusions", record=True), *_EXCLUSIONS)
    op.create_index("ix_exclusions_tenant_id", "exclusions", ["tenant_id"])
    op.create_index("ix_exclusions_record_id", "exclusions", ["record_id"])
    op.create_table(
        "excluded_leads",
        sa.Column("exclusion_id", sa.Uuid(), nullable=False),
        sa.Column("lead_id", BigId, nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("exclusion_id", "lead_id", name="pk_excluded_leads"),
        sa.ForeignKeyConstraint(
            ["exclusion_id"], ["exclusions.id"], name="fk_excluded_leads_exclusion_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name="fk_excluded_leads_lead_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_excluded_leads_tenant_id", ondelete="CASCADE"),
    )
    op.create_index("ix_excluded_leads_lead_id", "excluded_leads", ["lead_id"])
    op.create_index("ix_excluded_leads_tenant_id", "excluded_leads", ["tenant_id"])


def _kept(table: str, *, record: bool) -> tuple[sa.Column[object] | sa.Constraint, ...]:
    """What both tables of acts that hold until they are taken back have; ``record``: without one is possible."""
    return (
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("record_id", BigId, nullable=record),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", UtcTime(), nullable=False),
        sa.Column("ended_by", sa.Text()),
        sa.Column("ended_at", UtcTime()),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=f"fk_{table}_tenant_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"], name=f"fk_{table}_record_id", ondelete="CASCADE"),
    )


_OVERRIDES = (
    sa.Column("tier", sa.Text(), nullable=False),
    sa.Column("score", sa.Numeric(4, 1)),
    sa.Column("until", UtcTime()),
)
_EXCLUSIONS = (
    sa.Column("kind", sa.Text(), nullable=False),
    sa.Column("value", sa.Text()),
)


def downgrade() -> None:
    """Drop them: an older release writes the model's scores, and scores everybody again."""
    op.drop_table("excluded_leads")
    op.drop_table("exclusions")
    op.drop_table("overrides")
    op.drop_table("feedback")
    op.drop_column("scores", "by_hand")
