"""What each score was made of, so that it can be recomputed bit for bit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the step. Scores of before have no inputs and can't be recomputed."""
    op.create_table(
        "score_inputs",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("first_seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("last_seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("frame", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_score_inputs_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "first_seq", name=op.f("pk_score_inputs")),
    )


def downgrade() -> None:
    """Take the step back."""
    op.drop_table("score_inputs")
