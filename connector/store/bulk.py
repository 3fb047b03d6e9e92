"""Bulk writes: one upsert for both databases.

SQLite takes its rows by ``executemany``, some to a statement. PostgreSQL takes many by COPY into a
temporary table and one INSERT … ON CONFLICT, which is an order of magnitude faster
than row-wise statements; a handful goes row by row, without a table made for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import chain, repeat
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

Row = Mapping[str, Any]

FEW = 50
"""Up to so many rows a temporary table costs more than it saves."""
TOGETHER = 50
"""Rows of one statement of SQLite: for each statement its driver lets go of the interpreter and waits to get it back.

Half as many or twice as many take as long; one by one a fifth longer alone, and more beside other threads.
"""

Taken = Callable[[Any], sa.ColumnElement[bool]]
"""Given a new row's columns: whether it is taken up by the row that is there. A function of its module, made once."""


@dataclass(frozen=True, slots=True)
class Merge:
    """How a row that is there takes up a new one, column by column: given the new row's columns, what becomes of it.

    ``values`` is a function of its module, whose statement is made once; ``given`` are its parameters' values.
    """

    values: Callable[[Any], Mapping[str, Any]]
    given: Mapping[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Columns:
    """Many rows without a mapping for each: values in the order of ``names``, and what is ``common`` to all rows."""

    names: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]
    common: Mapping[str, Any]

    def unique(self, key: Sequence[str]) -> Columns:
        """Return the last row of each ``key``."""
        picked = itemgetter(*(self.names.index(name) for name in key if name not in self.common))
        last = dict(zip(map(picked, self.rows), self.rows, strict=True))
        return self if len(last) == len(self.rows) else replace(self, rows=list(last.values()))

    def mappings(self) -> list[Row]:
        """Return a mapping for each row."""
        return [{**self.common, **dict(zip(self.names, row, strict=True))} for row in self.rows]


def _columns(rows: Sequence[Row]) -> Columns:
    names = tuple(rows[0]) if rows else ()
    return Columns(names, [tuple(map(row.__getitem__, names)) for row in rows], {})


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
    rows: Sequence[Row] | Columns,
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
    found = rows if isinstance(rows, Columns) else _columns(rows)
    if not found.rows:
        return 0
    found, rule = found.unique(key), _Rule(tuple(key), tuple(update), where, merge)
    if connection.dialect.name == "sqlite":
        return _into_sqlite(connection, table, found, rule)
    if len(found.rows) <= FEW:
        ordered = sorted(found.mappings(), key=itemgetter(*key))
        return connection.execute(_insert(table, rule, "postgresql"), _given(rule, ordered)).rowcount
    statement = rule.applied(_copied(connection, table, found, key)).execution_options(preserve_rowcount=True)
    changed = connection.execute(statement, dict(rule.merge.given) if rule.merge else {}).rowcount
    connection.execute(sa.text(f'DROP TABLE "{_staging(table)}"'))
    return changed


def _into_sqlite(connection: Connection, table: sa.Table, found: Columns, rule: _Rule) -> int:
    if rule.merge is not None:
        return connection.execute(_insert(table, rule, "sqlite"), _given(rule, found.mappings())).rowcount
    names = (*found.common, *found.names)
    alone, together, placed = _sqlite_statements(table, names, rule, connection.dialect)
    rows = _bound(connection, table, placed, found)
    whole = len(rows) - len(rows) % TOGETHER
    sets = [tuple(chain.from_iterable(rows[start : start + TOGETHER])) for start in range(0, whole, TOGETHER)]
    parts = ((together, sets), (alone, rows[whole:]))
    return sum(connection.exec_driver_sql(statement, given).rowcount for statement, given in parts if given)


@lru_cache(maxsize=128)
def _insert(table: sa.Table, rule: _Rule, dialect: str) -> sa.Insert:
    """Return the statement for rows that are given as mappings: made once, not for each lead that comes alone."""
    made = (sqlite if dialect == "sqlite" else postgresql).insert(table)
    statement: sa.Insert = rule.applied(made).execution_options(preserve_rowcount=True)
    return statement


def _given(rule: _Rule, rows: Sequence[Row]) -> Sequence[Row]:
    return [{**row, **rule.merge.given} for row in rows] if rule.merge and rule.merge.given else rows


@lru_cache(maxsize=128)
def _sqlite_statements(
    table: sa.Table, names: tuple[str, ...], rule: _Rule, dialect: sa.Dialect
) -> tuple[str, str, Sequence[str]]:
    """Return the statement for one row, that for ``TOGETHER``, and the order of a row's values.

    Compiled once, not for each page.
    """
    compiled = rule.applied(sqlite.insert(table)).compile(dialect=dialect, column_keys=list(names))
    placed, alone = tuple(compiled.positiontup or ()), str(compiled)
    row = f"({', '.join('?' * len(placed))})"
    if sorted(placed) != sorted(names) or alone.count(row) != 1:
        raise TypeError(f"columns of {table.name} with defaults of ours can't be written in bulk")
    return alone, alone.replace(row, ", ".join([row] * TOGETHER)), placed


def _bound(connection: Connection, table: sa.Table, names: Sequence[str], found: Columns) -> list[tuple[Any, ...]]:
    """Return the rows' values as the database's driver takes them, column by column: most need no work."""
    columns: list[Iterable[Any]] = []
    for name in names:
        bind = table.c[name].type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
        if name in found.common:
            value = found.common[name]
            columns.append(repeat(bind(value) if bind else value, len(found.rows)))
        else:
            values = map(itemgetter(found.names.index(name)), found.rows)
            columns.append(map(bind, values) if bind else values)
    return list(zip(*columns, strict=True))


def _staging(table: sa.Table) -> str:
    return f"staging_{table.name}"


def _copied(connection: Connection, table: sa.Table, found: Columns, key: Sequence[str]) -> Any:
    """Copy rows into a temporary table; return the INSERT from there."""
    names = [*found.common, *found.names]
    columns = [table.c[name] for name in names]
    staging = sa.Table(
        _staging(table), sa.MetaData(), *(sa.Column(c.name, c.type) for c in columns), prefixes=["TEMPORARY"]
    )
    connection.execute(sa.text(f'DROP TABLE IF EXISTS "{staging.name}"'))
    staging.create(connection)
    quoted = ", ".join(f'"{name}"' for name in names)
    cursor = connection.connection.cursor()
    with cursor.copy(f'COPY "{staging.name}" ({quoted}) FROM STDIN') as copy:
        for row in _bound(connection, table, names, found):
            copy.write_row(row)
    return postgresql.insert(table).from_select(names, sa.select(*staging.c).order_by(*(staging.c[n] for n in key)))
