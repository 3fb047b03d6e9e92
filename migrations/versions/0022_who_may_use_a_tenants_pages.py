"""Who may use a tenant's pages: users with roles, invitations, and who is signed in.

Revision ID: 0022
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from connector.store.types import UtcTime

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def _belongs(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}"), ondelete="CASCADE")


def upgrade() -> None:
    """Apply the step. A tenant of before has no user: who signs in first by its CRM becomes its owner."""
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("added_at", UtcTime(), nullable=False),
        _belongs("users", "tenant_id", "tenants"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
    )
    op.create_index("ix_users_tenant_id", "users", ["tenant_id"])
    op.create_table(
        "identities",
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("vendor_user_id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        _belongs("identities", "connection_id", "connections"),
        _belongs("identities", "tenant_id", "tenants"),
        _belongs("identities", "user_id", "users"),
        sa.PrimaryKeyConstraint("connection_id", "vendor_user_id", name=op.f("pk_identities")),
    )
    op.create_index("ix_identities_user_id", "identities", ["user_id"])
    op.create_table(
        "invitations",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("made_at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        _belongs("invitations", "tenant_id", "tenants"),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_invitations")),
        sa.UniqueConstraint("id", name=op.f("uq_invitations_id")),
    )
    op.create_index("ix_invitations_tenant_id", "invitations", ["tenant_id"])
    op.create_table(
        "sign_ins",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("begun_at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        _belongs("sign_ins", "tenant_id", "tenants"),
        _belongs("sign_ins", "user_id", "users"),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sign_ins")),
    )
    op.create_index("ix_sign_ins_user_id", "sign_ins", ["user_id"])
    op.add_column("connections", sa.Column("granted_by", sa.Text()))
    op.add_column("installs", sa.Column("user_id", sa.Uuid()))
    op.add_column("installs", sa.Column("invitation_hash", sa.Text()))


def downgrade() -> None:
    """Take the step back. Whoever signs in by the CRM may do everything again; invitations are worth nothing."""
    op.execute(sa.text("DELETE FROM installs WHERE invitation_hash IS NOT NULL"))
    op.drop_column("installs", "invitation_hash")
    op.drop_column("installs", "user_id")
    op.drop_column("connections", "granted_by")
    for table in ("sign_ins", "invitations", "identities", "users"):
        op.drop_table(table)
