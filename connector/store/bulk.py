"""Bulk writes: one upsert for both databases.

SQLite takes its rows by ``executemany``. PostgreSQL takes many by COPY into a
temporary table and one INSERT … ON CONFLICT, which is an order of magnitude faster
than row-wise statements; a handful goes row by row, without a table made for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
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


@dataclass(frozen=True, slots=True)
class _Rule:
    """What becomes of a row whose key is there already."""

    key: tuple[str, ...]
    update: tuple[str, ...]
    only: Only | None
    setting: Setting | None

    def applied(self, statement: Any) -> Any:
        """An INSERT with this rule."""
        if not self.update:
            return statement.on_conflict_do_nothing(index_elements=list(self.key))
        changed = {name: statement.excluded[name] for name in self.update}
        changed |= dict(self.setting(statement.excluded)) if self.setting else {}
        where = self.only(statement.excluded) if self.only else None
        return statement.on_conflict_do_update(index_elements=list(self.key), set_=changed, where=where)


@lru_cache(maxsize=256)
def _of_rows(dialect: str, table: sa.Table, rule: _Rule) -> Any:
    """The statement for single rows, made once: making it costs more than a handful of rows."""
    return rule.applied(sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table))


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
    PostgreSQL writes them in the order of their keys: two workers never wait for each other's in a circle.
    """
    unique = list({tuple(row[name] for name in key): row for row in rows}.values())
    rule, dialect = _Rule(tuple(key), tuple(update), only, setting), connection.dialect.name
    if not unique:
        return 0
    if dialect == "sqlite":
        return connection.execute(_of_rows(dialect, table, rule), unique).rowcount
    if len(unique) <= FEW:
        ordered = sorted(unique, key=lambda row: tuple(row[name] for name in key))
        counted = _of_rows(dialect, table, rule).execution_options(preserve_rowcount=True)
        return connection.execute(counted, ordered).rowcount
    return _copied(connection, table, unique, rule)


def _copied(connection: Connection, table: sa.Table, rows: Sequence[Row], rule: _Rule) -> int:
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
    ordered = sa.select(*staging.c).order_by(*(staging.c[name] for name in rule.key))
    changed = connection.execute(rule.applied(postgresql.insert(table).from_select(names, ordered))).rowcount
    staging.drop(connection)
    return changed
