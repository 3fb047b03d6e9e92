"""Records are found by who has them in their CRM.

Revision ID: 0045
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from connector.store.types import Binary

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

_FIELDS = {"hubspot": "hubspot_owner_id", "salesforce": "OwnerId"}
"""CRM → its field of owners, which catalogues of before hold without that meaning."""
_OPEN = sa.text("owner_key IS NOT NULL AND removed_at IS NULL")
_LONGEST = 100
_IN_CHUNK = 5_000


def upgrade() -> None:
    """Add the column, and who has the records of before."""
    op.add_column("records", sa.Column("owner_key", Binary))
    _fill()
    op.create_index(
        "ix_records_owner_key",
        "records",
        ["tenant_id", "connection_id", "owner_key", "lead_id"],
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )


def _fill() -> None:
    connection = op.get_bind()
    accounts = sa.table("connections", sa.column("id", sa.Uuid()), sa.column("vendor"))
    fields = sa.table(
        "fields", sa.column("connection_id", sa.Uuid()), *(sa.column(name) for name in ("name", "role", "company"))
    )
    named = {row.id: _FIELDS[row.vendor] for row in connection.execute(sa.select(accounts)) if row.vendor in _FIELDS}
    for account, field in named.items():
        mine = sa.and_(fields.c.connection_id == account, fields.c.name == field, sa.not_(fields.c.company))
        connection.execute(sa.update(fields).where(mine).values(role="owner"))
        _fill_records(connection, account, field)


def _fill_records(connection: sa.Connection, account: Any, field: str) -> None:
    records = sa.table(
        "records",
        sa.column("id", sa.BigInteger()),
        sa.column("connection_id", sa.Uuid()),
        sa.column("properties", sa.JSON()),
        sa.column("owner_key"),
    )
    update = sa.update(records).where(records.c.id == sa.bindparam("wanted"))
    after = 0
    while rows := _piece(connection, records, account, after):
        found = [{"wanted": row.id, "owner_key": key} for row in rows if (key := _owner(row.properties, field))]
        if found:
            connection.execute(update, found)
        after = rows[-1].id


def _piece(connection: sa.Connection, records: sa.TableClause, account: Any, after: int) -> Sequence[Any]:
    query = sa.select(records.c.id, records.c.properties)
    query = query.where(records.c.connection_id == account, records.c.id > after)
    return connection.execute(query.order_by(records.c.id).limit(_IN_CHUNK)).all()


def _owner(properties: Mapping[str, Any], field: str) -> str:
    return str(properties.get(field) or "").replace("\0", "").strip()[:_LONGEST]


def downgrade() -> None:
    """Drop it: older releases look for nothing by it."""
    op.drop_index("ix_records_owner_key", "records")
    op.drop_column("records", "owner_key")
