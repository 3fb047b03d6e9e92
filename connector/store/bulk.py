"""Bulk writes: one upsert for both databases.

SQLite takes its rows by ``executemany``. PostgreSQL takes them by COPY into a
temporary table and one INSERT … ON CONFLICT, which is an order of magnitude faster
than row-wise statements.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

Row = Mapping[str, Any]


def upsert(
    connection: Connection, table: sa.Table, rows: Sequence[Row], *, key: Sequence[str], update: Sequence[str] = ()
) -> int:
    """Insert ``rows`` (all with the same columns) or update ``update`` columns where ``key`` exists.

    Rows of one call with the same key count as one; the last wins. With no ``update``
    columns existing rows stay as they are. Returns how many rows were new or changed.
    """
    unique = list({tuple(row[name] for name in key): row for row in rows}.values())
    if not unique:
        return 0
    if connection.dialect.name == "sqlite":
        statement = _on_conflict(sqlite.insert(table), key, update)
        return connection.execute(statement, unique).rowcount
    return _copy_upsert(connection, table, unique, key, update)


def insert_new(connection: Connection, table: sa.Table, rows: Sequence[Row], *, key: Sequence[str]) -> int:
    """Insert those of a few ``rows`` whose ``key`` is not there; return how many that were.

    Row by row on both databases: for a handful of rows a temporary table would cost more than it saves.
    """
    if not rows:
        return 0
    return connection.execute(_on_conflict(_insert(connection, table), key, ()), list(rows)).rowcount


def add_counts(connection: Connection, table: sa.Table, rows: Sequence[Row], *, key: Sequence[str]) -> None:
    """Insert a few ``rows``, or add their ``count`` to that of the row with the same ``key``."""
    statement = _insert(connection, table)
    added = {"count": table.c["count"] + statement.excluded["count"]}
    if rows:
        connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=added), list(rows))


def _insert(connection: Connection, table: sa.Table) -> Any:
    return (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table)


def _on_conflict(statement: Any, key: Sequence[str], update: Sequence[str]) -> Any:
    if not update:
        return statement.on_conflict_do_nothing(index_elements=list(key))
    return statement.on_conflict_do_update(
        index_elements=list(key), set_={name: statement.excluded[name] for name in update}
    )


def _copy_upsert(
    connection: Connection, table: sa.Table, rows: Sequence[Row], key: Sequence[str], update: Sequence[str]
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
    insert = postgresql.insert(table).from_select(names, sa.select(*staging.c))
    changed = connection.execute(_on_conflict(insert, key, update)).rowcount
    staging.drop(connection)
    return changed
