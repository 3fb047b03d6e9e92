"""A world whose first run is done, made once and copied for each test: into either database."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from connector.store.session import Store
from connector.store.tables import metadata
from tests.databases import sqlite_store
from tests.fakecrm import FakeAccount, FakeApp
from tests.world import World, small_account, world

_TEXTS: WeakKeyDictionary[sa.Engine, Mapping[str, bytes]] = WeakKeyDictionary()
"""An original's engine → statement of a table → its rows as PostgreSQL reads them fastest."""


@contextmanager
def scored_world(
    folder: Path,
    crm: FakeAccount | None = None,
    prepared: Callable[[World], object] = lambda _made: None,
    /,
    **onboarding: object,
) -> Iterator[World]:
    """A world whose people are scored, in a database of its own; ``prepared`` before its first run."""
    store = sqlite_store(folder / "scored.db")
    made = world(store, **onboarding)
    made.crm = crm or small_account(120)
    app = made.services.apps["fakecrm"]
    assert isinstance(app, FakeApp)
    app.accounts = {"code-1": made.crm}
    prepared(made)
    made.install()
    made.work()
    yield made
    store.close()


def copied(original: World, store: Store) -> World:
    """The same world in another, empty database, with a CRM of its own. What is in the original stays as it is."""
    source = original.services.store
    if store.engine.dialect.name == "sqlite":
        _copy_pages(source, store)
    elif source.engine in _TEXTS:
        _copy_texts(_TEXTS[source.engine], store)
    else:
        _copy_rows(source, store)
        _TEXTS[source.engine] = _texts(store)
    crm, clock, woken = original.crm.copied(), deepcopy(original.clock), original.woken[:0]
    services = replace(
        original.services,
        store=store,
        clock=clock,
        apps={"fakecrm": FakeApp({"code-1": crm})},
        wake=lambda queue, work_id: woken.append((queue, work_id)),
    )
    return World(services, clock, crm, woken)


def _copy_pages(source: Store, store: Store) -> None:
    """From SQLite to SQLite."""
    with source.engine.connect() as one, store.engine.connect() as other:
        _raw(one).backup(_raw(other))


def _copy_rows(source: Store, store: Store) -> None:
    """From any database to another."""
    with source.reading() as session, store.transaction() as target:
        for table in metadata.sorted_tables:
            rows = [dict(row._mapping) for row in session.execute(sa.select(table))]
            if rows:
                target.execute(sa.insert(table), rows)
        _count_on(target)


def _texts(store: Store) -> dict[str, bytes]:
    """What every table of a PostgreSQL database holds."""
    found = {}
    with store.reading() as session, _raw(session).cursor() as cursor:
        for table in metadata.sorted_tables:
            columns = ", ".join(f'"{column.name}"' for column in table.c)
            with cursor.copy(f"COPY {table.name} ({columns}) TO STDOUT") as rows:
                text = b"".join(rows)
            if text:
                found[f"COPY {table.name} ({columns}) FROM STDIN"] = text
    return found


def _copy_texts(texts: Mapping[str, bytes], store: Store) -> None:
    """Into PostgreSQL, once more."""
    with store.transaction() as target:
        # What refers to what was checked when the rows were first written; to check it again takes a third of the time.
        target.exec_driver_sql("SET LOCAL session_replication_role = replica")
        with _raw(target).cursor() as cursor:
            for statement, text in texts.items():
                with cursor.copy(statement) as rows:
                    rows.write(text)
        _count_on(target)


def _count_on(target: sa.Connection) -> None:
    """Let each next row's number follow the copied ones, in PostgreSQL; SQLite does so by itself."""
    if target.dialect.name == "postgresql":
        numbered = [table.c.id for table in metadata.sorted_tables if table.autoincrement_column is not None]
        target.execute(
            sa.select(
                *(
                    sa.func.setval(
                        sa.func.pg_get_serial_sequence(number.table.name, number.name),
                        sa.select(sa.func.max(number)).scalar_subquery(),
                    )
                    for number in numbered
                )
            )
        )


def _raw(connection: sa.Connection) -> Any:
    """The driver's own connection."""
    return connection.connection.driver_connection
