"""A world whose first run is done, made once and copied for each test: into either database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import sqlalchemy as sa

from connector.store.session import Store
from connector.store.tables import metadata
from tests.databases import sqlite_store
from tests.fakecrm import FakeAccount, FakeApp
from tests.world import World, small_account, world


@contextmanager
def scored_world(folder: Path, crm: FakeAccount | None = None, **onboarding: object) -> Iterator[World]:
    """A world whose people are scored, in a database of its own."""
    store = sqlite_store(folder / "scored.db")
    made = world(store, **onboarding)
    made.crm = crm or small_account(120)
    app = made.services.apps["fakecrm"]
    assert isinstance(app, FakeApp)
    app.accounts = {"code-1": made.crm}
    made.install()
    made.work()
    yield made
    store.close()


def copied(original: World, store: Store) -> World:
    """The same world in another, empty database, with a CRM of its own."""
    with original.services.store.reading() as source, store.transaction() as target:
        for table in metadata.sorted_tables:
            rows = [dict(row._mapping) for row in source.execute(sa.select(table))]
            if rows:
                target.execute(sa.insert(table), rows)
            if rows and store.engine.dialect.name == "postgresql" and "id" in table.c:
                _count_on(target, table)
    crm, clock, woken = original.crm.copied(), deepcopy(original.clock), original.woken[:0]
    services = replace(
        original.services,
        store=store,
        clock=clock,
        apps={"fakecrm": FakeApp({"code-1": crm})},
        wake=lambda queue, work_id: woken.append((queue, work_id)),
    )
    return World(services, clock, crm, woken)


def _count_on(target: sa.Connection, table: sa.Table) -> None:
    """Let the next row's number follow the copied ones."""
    if isinstance(table.c.id.type, sa.BigInteger | sa.Integer):
        highest = sa.select(sa.func.max(table.c.id)).scalar_subquery()
        target.execute(sa.select(sa.func.setval(sa.func.pg_get_serial_sequence(table.name, "id"), highest)))
