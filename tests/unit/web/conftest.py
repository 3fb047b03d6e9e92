"""Fixtures of the pages: SQLite is enough, the store has tests of its own on both databases."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from connector.app import create_app
from connector.records import Role
from connector.store.session import Store, open_store
from connector.store.tables import api_uses
from tests.databases import sqlite_store
from tests.unit.web.site import Browser, Site, settings, site
from tests.world import StillClock, World


def _store(folder: Path) -> Store:
    return sqlite_store(folder / "web.db")


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Site]:
    """Pages over an empty store."""
    store = _store(tmp_path)
    yield site(store)
    store.close()


@pytest.fixture(scope="session")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Pages of a tenant whose first run is done. Read only."""
    store = _store(tmp_path_factory.mktemp("scored"))
    made = site(store, people=400)
    made.signed_in()
    made.world.work()
    yield made
    store.close()


@pytest.fixture
def alice(scored: Site) -> Browser:
    """Signed in to the scored tenant by a session of her own."""
    return scored.as_a(Role.OWNER, scored.tenant_of("101"), "Alice")


@pytest.fixture
def live(scored: Site, tmp_path: Path) -> Iterator[Site]:
    """A copy of the scored tenant of one's own."""
    path, source = tmp_path / "copy.db", str(scored.world.services.store.engine.url.database)
    with sqlite3.connect(source) as held, sqlite3.connect(path) as copy:
        held.backup(copy)
    copy.close()
    held.close()
    store = open_store(f"sqlite:///{path}")
    with store.transaction() as session:
        # What others asked of the tenant that is shared.
        session.execute(sa.delete(api_uses))
    woken: list[tuple[str, UUID]] = []
    clock = StillClock(scored.world.clock.at)
    services = replace(
        scored.world.services, store=store, clock=clock, wake=lambda queue, work_id: woken.append((queue, work_id))
    )
    world = World(services, clock, scored.world.crm, woken)
    yield Site(world, create_app(services, settings()))
    store.close()
