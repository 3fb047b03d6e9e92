"""Bulk writes: one upsert for both databases.

SQLite takes its rows by ``executemany``. PostgreSQL takes them by COPY into a
temporary table and one INSERT … ON CONFLICT, which is an order of magnitude faster
than row-wise statements.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Merge:
    """How a row that is there takes up a new one: each function is handed the new row's columns.

    ``values`` gives column → what becomes of it; ``where`` tells whether the new row is taken up at all.
    """

    values: Callable[[Any], Mapping[str, Any]]
    where: Callable[[Any], sa.ColumnElement[bool]]


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
    were new or changed.
    """
    unique = list({tuple(row[name] for name in key): row for row in rows}.values())
    if not unique:
        return 0
    if connection.dialect.name == "sqlite":
        statement = _on_conflict(sqlite.insert(table), key, update, merge)
        return connection.execute(statement, unique).rowcount
    insert = _copied(connection, table, unique, key if merge else ())
    changed = connection.execute(_on_conflict(insert, key, update, merge)).rowcount
    connection.execute(sa.text(f'DROP TABLE "{_staging(table)}"'))
    return changed


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


def _copied(connection: Connection, table: sa.Table, rows: Sequence[Row], order: Sequence[str]) -> Any:
    """Copy rows into a temporary table; return the INSERT from there, in the order of the columns ``order``.

    Whoever locks rows that others lock too does so in the order of their key, so that no two wait for each other.
    """
    names = list(rows[0])
    columns = [table.c[name] for name in names]
    staging = sa.Table(
        _staging(table), sa.MetaData(), *(sa.Column(c.name, c.type) for c in columns), prefixes=["TEMPORARY"]
    )
    connection.execute(sa.text(f'DROP TABLE IF EXISTS "{staging.name}"'))
    staging.create(connection)
    binders = [column.type.dialect_impl(connection.dialect).bind_processor(connection.dialect) for column in columns]
    quoted = ", ".join(f'"{name}"' for name in names)
    cursor = connection.connection.cursor()
    with cursor.copy(f'COPY "{staging.name}" ({quoted}) FROM STDIN') as copy:
        for row in rows:
            copy.write_row([bind(row[name]) if bind else row[name] for bind, name in zip(binders, names, strict=True)])
    source = sa.select(*staging.c).order_by(*(staging.c[name] for name in order))
    return postgresql.insert(table).from_select(names, source)
