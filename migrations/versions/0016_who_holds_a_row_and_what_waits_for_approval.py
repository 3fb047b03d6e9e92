"""Rows of the outbox are held by one delivery each; what is written the first time waits for approval."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from connector.store.types import BigId, UtcTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_TENANTS = sa.table("tenants", sa.column("id", sa.Uuid()), sa.column("settings", sa.JSON()))


def _added() -> list[sa.Column[object]]:
    return [
        sa.Column("as_of", UtcTime()),
        sa.Column("priority", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("claim", sa.Uuid()),
        sa.Column("leased_until", UtcTime()),
        sa.Column("sent", sa.JSON()),
        sa.Column("sent_seq", BigId),
        sa.Column("failing_since", UtcTime()),
        sa.Column("failed_at", UtcTime()),
        sa.Column("failures", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("overwritten_at", UtcTime()),
    ]


def upgrade() -> None:
    """Apply the step. Tenants whose scores are written already go on as before: nothing of theirs is a first time."""
    for column in _added():
        op.add_column("outbox", column)
    # What an older release was sending when it ended has no lease: it is read back.
    op.execute(sa.text("UPDATE outbox SET sent = \"values\", sent_seq = ledger_seq WHERE status = 'sending'"))
    op.execute(sa.text("UPDATE outbox SET failures = 1 WHERE status = 'dead'"))
    op.create_table(
        "publications",
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("approved_at", UtcTime()),
        sa.Column("first_records", sa.Integer()),
        sa.Column("released_at", UtcTime()),
        sa.Column("night", UtcTime()),
        sa.Column("night_writes", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("listeners", sa.JSON()),
        sa.Column("listeners_refused", sa.Text()),
        sa.Column("listened_at", UtcTime()),
        sa.Column("verified_at", UtcTime()),
        sa.Column("verified", sa.JSON()),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connections.id"], name=op.f("fk_publications_connection_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_publications_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("connection_id", name=op.f("pk_publications")),
    )
    op.create_index(op.f("ix_publications_tenant_id"), "publications", ["tenant_id"])
    _set_delivery("on")


def downgrade() -> None:
    """Take the step back. What waited for approval or was left to its overwriter waits to be written again."""
    op.execute(sa.text("UPDATE outbox SET status = 'pending' WHERE status IN ('suspect', 'respected')"))
    op.drop_table("publications")
    with op.batch_alter_table("outbox") as batch:
        for column in reversed(_added()):
            batch.drop_column(column.name)
    _set_delivery(None)


def _set_delivery(value: str | None) -> None:
    connection = op.get_bind()
    for tenant_id, settings in connection.execute(sa.select(_TENANTS.c.id, _TENANTS.c.settings)).all():
        others = {name: kept for name, kept in settings.items() if name != "delivery"}
        changed = others if value is None else {**others, "delivery": value}
        connection.execute(sa.update(_TENANTS).where(_TENANTS.c.id == tenant_id).values(settings=changed))
