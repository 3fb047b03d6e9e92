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


Taken = Callable[[Any], sa.ColumnElement[bool]]
"""Given a new row's columns: whether it is taken up by the row that is there. A function of its module, made once."""


@dataclass(frozen=True, slots=True)
class Merge:
    """How a row that is there takes up a new one, column by column: given the new row's columns, what becomes of it."""

    values: Callable[[Any], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class _Rule:
    key: tuple[str, ...]
    update: tuple[str, ...]
    where: Taken | None
    merge: Merge | None

    def applied(self, statement: Any) -> Any:
        """Say what becomes of rows that are there."""
        new = statement.excluded
        changed = self.merge.values(new) if self.merge else {name: new[name] for name in self.update}
        if not changed:
            return statement.on_conflict_do_nothing(index_elements=list(self.key))
        where = self.where(new) if self.where else None
        return statement.on_conflict_do_update(index_elements=list(self.key), set_=dict(changed), where=where)


def upsert(
    connection: Connection,
    table: sa.Table,
    rows: Sequence[Row],
    *,
    key: Sequence[str],
    update: Sequence[str] = (),
    where: Taken | None = None,
    merge: Merge | None = None,
) -> int:
    """Insert ``rows`` (all with the same columns) or update ``update`` columns where ``key`` exists.

    Rows of one call with the same key count as one; the last wins. With no ``update`` columns existing rows stay as
    they are; ``merge`` says by rule what becomes of them; those that ``where`` denies stay in any case. Returns how
    many rows were new or changed. Rows are locked in the order of their keys: two workers never wait for each other's.
    """
    if not rows:
        return 0
    unique = list(dict(zip(map(itemgetter(*key), rows), rows, strict=True)).values())
    rule = _Rule(tuple(key), tuple(update), where, merge)
    if connection.dialect.name == "sqlite":
        return _into_sqlite(connection, table, unique, rule)
    if len(unique) <= FEW:
        ordered = sorted(unique, key=itemgetter(*key))
        statement = rule.applied(postgresql.insert(table)).execution_options(preserve_rowcount=True)
        return connection.execute(statement, ordered).rowcount
    changed = connection.execute(rule.applied(_copied(connection, table, unique, key))).rowcount
    connection.execute(sa.text(f'DROP TABLE "{_staging(table)}"'))
    return changed


def _into_sqlite(connection: Connection, table: sa.Table, rows: Sequence[Row], rule: _Rule) -> int:
    if rule.merge is not None:
        return connection.execute(rule.applied(sqlite.insert(table)), rows).rowcount
    names = tuple(rows[0])
    statement = _sqlite_statement(table, names, rule, connection.dialect)
    return connection.exec_driver_sql(statement, _bound(connection, table, names, rows)).rowcount


@lru_cache(maxsize=128)
def _sqlite_statement(table: sa.Table, names: tuple[str, ...], rule: _Rule, dialect: sa.Dialect) -> str:
    """Return the statement, its values in the order of ``names``: compiled once, not for each page."""
    compiled = rule.applied(sqlite.insert(table)).compile(dialect=dialect, column_keys=list(names))
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
