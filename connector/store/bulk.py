"""Bulk writes: one upsert for both databases.

SQLite takes its rows by ``executemany``. PostgreSQL takes them by COPY into a
temporary table and one INSERT … ON CONFLICT, which is an order of magnitude faster
than row-wise statements.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
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
    if not rows:
        return 0
    unique = list(dict(zip(map(itemgetter(*key), rows), rows, strict=True)).values())
    names = tuple(unique[0])
    if connection.dialect.name == "sqlite":
        statement = _sqlite_statement(table, names, tuple(key), tuple(update), connection.dialect)
        return connection.exec_driver_sql(statement, _bound(connection, table, names, unique)).rowcount
    return _copy_upsert(connection, table, unique, key, update)


@lru_cache(maxsize=128)
def _sqlite_statement(
    table: sa.Table, names: tuple[str, ...], key: tuple[str, ...], update: tuple[str, ...], dialect: sa.Dialect
) -> str:
    """Return the statement, its values in the order of ``names``: compiled once, not for each page."""
    statement = _on_conflict(sqlite.insert(table), key, update)
    compiled = statement.compile(dialect=dialect, column_keys=list(names))
    placed = list(compiled.positiontup or ())
    if placed != list(names):
        raise TypeError(f"columns of {table.name} with defaults of ours can't be written in bulk")
    return str(compiled)


def _bound(connection: Connection, table: sa.Table, names: Sequence[str], rows: Sequence[Row]) -> list[tuple[Any, ...]]:
    """Return the rows' values as the database's driver takes them, column by column: most need no work."""
    columns = []
    for name in names:
        bind = table.c[name].type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
        values = map(itemgetter(name), rows)
        columns.append(map(bind, values) if bind else values)
    return list(zip(*columns, strict=True))


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
    quoted = ", ".join(f'"{name}"' for name in names)
    cursor = connection.connection.cursor()
    with cursor.copy(f'COPY "{staging.name}" ({quoted}) FROM STDIN') as copy:
        for row in _bound(connection, table, names, rows):
            copy.write_row(row)
    insert = postgresql.insert(table).from_select(names, sa.select(*staging.c))
    changed = connection.execute(_on_conflict(insert, key, update)).rowcount
    staging.drop(connection)
    return changed
