"""Bulk writes: one upsert for both databases.

SQLite takes its rows by ``executemany``. PostgreSQL takes many by COPY into a
temporary table and one INSERT … ON CONFLICT, which is an order of magnitude faster
than row-wise statements; a handful goes row by row, without a table made for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

Row = Mapping[str, Any]

FEW = 50
"""Up to so many rows a temporary table costs more than it saves."""

Only = Callable[[Any], sa.ColumnElement[bool]]
"""Given the row that was to be inserted: whether it may replace the one that is there."""

Setting = Callable[[Any], Mapping[str, Any]]
"""Given the row that was to be inserted: column → what it becomes where there is a row already."""


def upsert(
    connection: Connection,
    table: sa.Table,
    rows: Sequence[Row],
    *,
    key: Sequence[str],
    update: Sequence[str] = (),
    only: Only | None = None,
    setting: Setting | None = None,
) -> int:
    """Insert ``rows`` (all with the same columns) or update ``update`` columns where ``key`` exists.

    Rows of one call with the same key count as one; the last wins. With no ``update``
    columns existing rows stay as they are, and so do those that ``only`` protects; ``setting`` is for columns
    that become something else than what was given. Returns how many rows were new or changed.
    Rows are written in the order of their keys: two workers never wait for each other's.
    """
    unique = list({tuple(row[name] for name in key): row for row in rows}.values())
    if not unique:
        return 0

    def resolved(statement: Any) -> Any:
        if not update:
            return statement.on_conflict_do_nothing(index_elements=list(key))
        changed = {name: statement.excluded[name] for name in update}
        changed |= dict(setting(statement.excluded)) if setting else {}
        where = only(statement.excluded) if only else None
        return statement.on_conflict_do_update(index_elements=list(key), set_=changed, where=where)

    if connection.dialect.name == "sqlite":
        return connection.execute(resolved(sqlite.insert(table)), unique).rowcount
    if len(unique) <= FEW:
        ordered = sorted(unique, key=lambda row: tuple(row[name] for name in key))
        counted = resolved(postgresql.insert(table)).execution_options(preserve_rowcount=True)
        return connection.execute(counted, ordered).rowcount
    return _copied(connection, table, unique, key, resolved)


def _copied(
    connection: Connection, table: sa.Table, rows: Sequence[Row], key: Sequence[str], resolved: Callable[[Any], Any]
) -> int:
    names = list(rows[0])
    columns = [table.c[name] for name in names]
    staging = sa.Table(
        f"staging_{table.name}", sa.MetaData(), *(sa.Column(c.name, c.type) for c in columns), prefixes=["TEMPORARY"]
    )
    connection.execute(sa.text(f'DROP TABLE IF EXISTS "{staging.name}"'))
    staging.create(connection)
    binders = [column.type.dialect_impl(connection.dialect).bind_processor(connection.dialect) for column in columns]
    quoted = ", ".join(f'"{name}"' for name in names)
    cursor = connection.connection.cursor()
    with cursor.copy(f'COPY "{staging.name}" ({quoted}) FROM STDIN') as copy:
        for row in rows:
            copy.write_row([bind(row[name]) if bind else row[name] for bind, name in zip(binders, names, strict=True)])
    ordered = sa.select(*staging.c).order_by(*(staging.c[name] for name in key))
    changed = connection.execute(resolved(postgresql.insert(table).from_select(names, ordered))).rowcount
    staging.drop(connection)
    return changed
