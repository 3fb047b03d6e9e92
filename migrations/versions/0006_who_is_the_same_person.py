"""Who is the same person: each record's own key, the CRM's links, and what an admin set apart."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the step. Records without a key are identified anew by the next run."""
    op.add_column("records", sa.Column("person_key", sa.Text()))
    op.add_column("records", sa.Column("identified_as", sa.Text()))
    op.add_column("records", sa.Column("apart", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index("ix_records_tenant_id_person_key", "records", ["tenant_id", "person_key"])
    op.create_table(
        "record_links",
        sa.Column("record_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("vendor_id", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["record_id"], ["records.id"], name=op.f("fk_record_links_record_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_record_links_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("record_id", "vendor_id", name=op.f("pk_record_links")),
    )
    op.create_index("ix_record_links_tenant_id", "record_links", ["tenant_id"])


def downgrade() -> None:
    """Take the step back."""
    op.drop_table("record_links")
    op.drop_index("ix_records_tenant_id_person_key", "records")
    with op.batch_alter_table("records") as batch:
        for name in ("apart", "identified_as", "person_key"):
            batch.drop_column(name)
