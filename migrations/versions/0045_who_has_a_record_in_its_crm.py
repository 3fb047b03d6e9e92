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

_FIELD, _ENDING = "OwnerId", "_owner_id"
"""What the CRMs' own fields of owners are called, or end in: catalogues of before hold them without that meaning."""
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
    columns = ("name", "role", "company", "system")
    fields = sa.table("fields", sa.column("connection_id", sa.Uuid()), *(sa.column(name) for name in columns))
    own = sa.select(fields.c.connection_id, fields.c.name).where(fields.c.system, sa.not_(fields.c.company))
    for account, field in connection.execute(own).all():
        if field == _FIELD or field.endswith(_ENDING):
            this = sa.and_(fields.c.connection_id == account, fields.c.name == field)
            connection.execute(sa.update(fields).where(this).values(role="owner"))
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
