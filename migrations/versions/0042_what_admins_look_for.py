"""What admins look for: leads by name, tier and score in no time; views that they keep; ledgers that were verified.

Revision ID: 0042
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from connector.store.searching import keys_of
from connector.store.types import Binary, UtcTime

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

_KEYS = ("name_key", "surname_key", "firm_key")
_ROLES = ("first_name", "last_name", "company_name")
_RARE = sa.text("kind <> 'scored'")
_IN_CHUNK = 5_000


def upgrade() -> None:
    """Add them, and what records of before are found by."""
    for name in _KEYS:
        op.add_column("records", sa.Column(name, Binary))
    _fill()
    for name in _KEYS:
        held = sa.text(f"{name} IS NOT NULL")
        op.create_index(f"ix_records_{name}", "records", ["tenant_id", name], sqlite_where=held, postgresql_where=held)
    op.create_index("ix_scores_tenant_id_tier", "scores", ["tenant_id", "tier", "score", "lead_id"])
    op.create_index(
        "ix_ledger_rare", "ledger", ["tenant_id", "kind", "seq"], sqlite_where=_RARE, postgresql_where=_RARE
    )
    op.create_table(
        "lead_views",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("made_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_lead_views"),
        sa.UniqueConstraint("user_id", "name", name="uq_lead_views_user_id_name"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_lead_views_tenant_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_lead_views_user_id", ondelete="CASCADE"),
    )
    op.create_index("ix_lead_views_tenant_id", "lead_views", ["tenant_id"])
    op.create_table(
        "ledger_checks",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("begun_at", UtcTime()),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("ended_at", UtcTime()),
        sa.Column("found", sa.JSON()),
        sa.PrimaryKeyConstraint("tenant_id", name="pk_ledger_checks"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_ledger_checks_tenant_id", ondelete="CASCADE"),
    )


def _fill() -> None:
    """Give every record of before what it is found by, as a sync does with those that it reads."""
    connection = op.get_bind()
    fields = sa.table(
        "fields", *(sa.column(name) for name in ("name", "role", "company")), sa.column("connection_id", sa.Uuid())
    )
    named = sa.select(fields).where(fields.c.role.in_(_ROLES), sa.not_(fields.c.company))
    roles: dict[Any, dict[str, str]] = {}
    for row in connection.execute(named):
        roles.setdefault(row.connection_id, {})[row.role] = row.name
    records = sa.table(
        "records",
        sa.column("id", sa.BigInteger()),
        sa.column("connection_id", sa.Uuid()),
        sa.column("properties", sa.JSON()),
        *(sa.column(name) for name in _KEYS),
    )
    after = 0
    while rows := _piece(connection, records, after):
        found = [{"wanted": row.id, **keys_of(row.properties, roles.get(row.connection_id, {}))} for row in rows]
        connection.execute(sa.update(records).where(records.c.id == sa.bindparam("wanted")), found)
        after = rows[-1].id


def _piece(connection: sa.Connection, records: sa.TableClause, after: int) -> Sequence[Any]:
    query = sa.select(records.c.id, records.c.connection_id, records.c.properties).where(records.c.id > after)
    return connection.execute(query.order_by(records.c.id).limit(_IN_CHUNK)).all()


def downgrade() -> None:
    """Drop them: older releases look for nothing by them."""
    op.drop_table("ledger_checks")
    op.drop_table("lead_views")
    op.drop_index("ix_ledger_rare", "ledger")
    op.drop_index("ix_scores_tenant_id_tier", "scores")
    for name in _KEYS:
        op.drop_index(f"ix_records_{name}", "records")
    for name in reversed(_KEYS):
        op.drop_column("records", name)
