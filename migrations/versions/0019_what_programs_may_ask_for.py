"""Keys for programs, the answers that they may ask for again, and what they used.

Revision ID: 0019
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from connector.store.types import BigId, UtcTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the step. There is no key yet, so nobody is let in."""
    _keys()
    _answers()
    op.create_table(
        "api_uses",
        sa.Column("id", BigId, nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("lead_id", BigId),
        sa.Column("body", sa.JSON(), nullable=False),
        _owner("api_uses", "tenant_id", "tenants"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_uses")),
    )
    op.create_index(op.f("ix_api_uses_tenant_id"), "api_uses", ["tenant_id"])
    op.create_table(
        "api_recomputations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("asked_at", UtcTime(), nullable=False),
        sa.Column("former", sa.JSON(), nullable=False),
        _owner("api_recomputations", "tenant_id", "tenants"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_recomputations")),
    )
    op.create_index(op.f("ix_api_recomputations_asked_at"), "api_recomputations", ["asked_at"])
    op.create_index(op.f("ix_api_recomputations_tenant_id"), "api_recomputations", ["tenant_id"])


def _keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("prefix", sa.String(), nullable=False),
        sa.Column("secret_hash", sa.String(), nullable=False),
        sa.Column("former_hash", sa.String()),
        sa.Column("former_until", UtcTime()),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("secret_made_at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime()),
        sa.Column("last_used_at", UtcTime()),
        sa.Column("revoked_at", UtcTime()),
        _owner("api_keys", "tenant_id", "tenants"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("prefix", name=op.f("uq_api_keys_prefix")),
    )
    op.create_index(op.f("ix_api_keys_tenant_id"), "api_keys", ["tenant_id"])


def _answers() -> None:
    op.create_table(
        "api_answers",
        sa.Column("key_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("request_hash", sa.String(), nullable=False),
        sa.Column("claim", sa.Uuid(), nullable=False),
        sa.Column("held_until", UtcTime()),
        sa.Column("status", sa.Integer()),
        sa.Column("headers", sa.JSON()),
        sa.Column("body", sa.LargeBinary()),
        sa.Column("created_at", UtcTime(), nullable=False),
        _owner("api_answers", "tenant_id", "tenants"),
        _owner("api_answers", "key_id", "api_keys"),
        sa.PrimaryKeyConstraint("key_id", "name", name=op.f("pk_api_answers")),
    )
    op.create_index(op.f("ix_api_answers_created_at"), "api_answers", ["created_at"])


def _owner(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"), ondelete="CASCADE")


def downgrade() -> None:
    """Take the step back. Uses that no sweep has moved into the ledger yet are lost with their table."""
    for table in ("api_recomputations", "api_uses", "api_answers", "api_keys"):
        op.drop_table(table)
