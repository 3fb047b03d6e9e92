"""Sites of a tenant, their visitors and what those did there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from connector.store.types import BigId, UtcTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the step. No site is registered yet, so nothing is collected."""
    _sites()
    _visitors()
    _events()
    op.create_table(
        "tracked_refusals",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        _owner("tracked_refusals", "tenant_id", "tenants"),
        _owner("tracked_refusals", "site_id", "sites"),
        sa.PrimaryKeyConstraint("site_id", "day", "reason", name=op.f("pk_tracked_refusals")),
    )
    op.create_index(op.f("ix_tracked_refusals_tenant_id"), "tracked_refusals", ["tenant_id"])
    op.create_table(
        "forgotten_mailboxes",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("mailbox", sa.String(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        _owner("forgotten_mailboxes", "tenant_id", "tenants"),
        sa.PrimaryKeyConstraint("tenant_id", "mailbox", name=op.f("pk_forgotten_mailboxes")),
    )


def _sites() -> None:
    op.create_table(
        "sites",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("origins", sa.JSON(), nullable=False),
        sa.Column("secret_hash", sa.String(), nullable=False),
        sa.Column("secret_made_at", UtcTime(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        _owner("sites", "tenant_id", "tenants"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sites")),
        sa.UniqueConstraint("key", name=op.f("uq_sites_key")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_sites_secret_hash")),
    )
    op.create_index(op.f("ix_sites_tenant_id"), "sites", ["tenant_id"])


def _visitors() -> None:
    op.create_table(
        "visitors",
        sa.Column("id", BigId, nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("mailbox", sa.String()),
        sa.Column("person_key", sa.String()),
        sa.Column("identified_at", UtcTime()),
        sa.Column("created_at", UtcTime(), nullable=False),
        _owner("visitors", "tenant_id", "tenants"),
        _owner("visitors", "site_id", "sites"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visitors")),
        sa.UniqueConstraint("site_id", "name", "turn", name=op.f("uq_visitors_site_id_name_turn")),
    )
    op.create_index(op.f("ix_visitors_tenant_id_mailbox"), "visitors", ["tenant_id", "mailbox"])
    op.create_index(op.f("ix_visitors_tenant_id_person_key"), "visitors", ["tenant_id", "person_key"])
    unknown = sa.text("person_key IS NULL")
    op.create_index(
        op.f("ix_visitors_unknown"), "visitors", ["created_at"], sqlite_where=unknown, postgresql_where=unknown
    )


def _events() -> None:
    op.create_table(
        "tracked_events",
        sa.Column("id", BigId, nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("visitor_id", BigId, nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("received_at", UtcTime(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("detail", sa.String()),
        sa.Column("arrival", sa.JSON(), nullable=False),
        _owner("tracked_events", "tenant_id", "tenants"),
        _owner("tracked_events", "site_id", "sites"),
        _owner("tracked_events", "visitor_id", "visitors"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tracked_events")),
        sa.UniqueConstraint("site_id", "event_id", name=op.f("uq_tracked_events_site_id_event_id")),
    )
    for columns in (["tenant_id"], ["visitor_id", "received_at"], ["site_id", "received_at"]):
        op.create_index(op.f(f"ix_tracked_events_{'_'.join(columns)}"), "tracked_events", columns)


def _owner(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"), ondelete="CASCADE")


def downgrade() -> None:
    """Take the step back."""
    for table in ("forgotten_mailboxes", "tracked_refusals", "tracked_events", "visitors", "sites"):
        op.drop_table(table)
