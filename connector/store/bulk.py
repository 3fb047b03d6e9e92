"""Bulk writes: one upsert for both databases.

SQLite takes its rows by ``executemany``. PostgreSQL takes many by COPY into a
temporary table and one INSERT … ON CONFLICT, which is an order of magnitude faster
than row-wise statements; a handful goes row by row, without a table made for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

Row = Mapping[str, Any]

FEW = 50
"""Up to so many rows a temporary table costs more than it saves."""


@dataclass(frozen=True, slots=True)
class Merge:
    """How a row that is there takes up a new one: each function is handed the new row's columns.

    ``values`` gives column → what becomes of it; ``where`` tells whether the new row is taken up at all.
    """

    values: Callable[[Any], Mapping[str, Any]]
    where: Callable[[Any], sa.ColumnElement[bool] | None] = lambda _: None


def upsert(
    connection: Connection,
    table: sa.Table,
    rows: Sequence[Row],
    *,
    key: Sequence[str],
    update: Sequence[str] = (),
    merge: Merge | None = None,
) -> int:
    """Insert ``rows`` (all with the same columns) or update ``update`` columns where ``key`` exists.

    Rows of one call with the same key count as one; the last wins. With no ``update``
    columns existing rows stay as they are; ``merge`` says by rule what becomes of them. Returns how many rows
    were new or changed. Rows are locked in the order of their keys: two workers never wait for each other's.
    """
    if not rows:
        return 0
    unique = list(dict(zip(map(itemgetter(*key), rows), rows, strict=True)).values())
    if connection.dialect.name == "sqlite":
        return _into_sqlite(connection, table, unique, (tuple(key), tuple(update), merge))
    if len(unique) <= FEW:
        ordered = sorted(unique, key=itemgetter(*key))
        statement = _on_conflict(postgresql.insert(table), key, update, merge)
        return connection.execute(statement.execution_options(preserve_rowcount=True), ordered).rowcount
    insert = _copied(connection, table, unique, key)
    changed = connection.execute(_on_conflict(insert, key, update, merge)).rowcount
    connection.execute(sa.text(f'DROP TABLE "{_staging(table)}"'))
    return changed


def _into_sqlite(
    connection: Connection,
    table: sa.Table,
    rows: Sequence[Row],
    rule: tuple[tuple[str, ...], tuple[str, ...], Merge | None],
) -> int:
    key, update, merge = rule
    if merge is not None:
        return connection.execute(_on_conflict(sqlite.insert(table), key, update, merge), rows).rowcount
    names = tuple(rows[0])
    statement = _sqlite_statement(table, names, key, update, connection.dialect)
    return connection.exec_driver_sql(statement, _bound(connection, table, names, rows)).rowcount


@lru_cache(maxsize=128)
def _sqlite_statement(
    table: sa.Table, names: tuple[str, ...], key: tuple[str, ...], update: tuple[str, ...], dialect: sa.Dialect
) -> str:
    """Return the statement, its values in the order of ``names``: compiled once, not for each page."""
    statement = _on_conflict(sqlite.insert(table), key, update, None)
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


def _on_conflict(statement: Any, key: Sequence[str], update: Sequence[str], merge: Merge | None) -> Any:
    if merge is not None:
        new = statement.excluded
        return statement.on_conflict_do_update(
            index_elements=list(key), set_=dict(merge.values(new)), where=merge.where(new)
        )
    if not update:
        return statement.on_conflict_do_nothing(index_elements=list(key))
    return statement.on_conflict_do_update(
        index_elements=list(key), set_={name: statement.excluded[name] for name in update}
    )


def _staging(table: sa.Table) -> str:
    return f"staging_{table.name}"


def _copied(connection: Connection, table: sa.Table, rows: Sequence[Row], key: Sequence[str]) -> Any:
    """Copy rows into a temporary table; return the INSERT from there."""
    names = list(rows[0])
    columns = [table.c[name] for name in names]
    staging = sa.Table(
        _staging(table), sa.MetaData(), *(sa.Column(c.name, c.type) for c in columns), prefixes=["TEMPORARY"]
    )
    connection.execute(sa.text(f'DROP TABLE IF EXISTS "{staging.name}"'))
    staging.create(connection)
    quoted = ", ".join(f'"{name}"' for name in names)
    cursor = connection.connection.cursor()
    with cursor.copy(f'COPY "{staging.name}" ({quoted}) FROM STDIN') as copy:
        for row in _bound(connection, table, names, rows):
            copy.write_row(row)
    return postgresql.insert(table).from_select(names, sa.select(*staging.c).order_by(*(staging.c[n] for n in key)))
