"""Fixtures of the pages: SQLite is enough, the store has tests of its own on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.records import Role
from connector.store.session import Store
from tests.databases import sqlite_store
from tests.unit.web.copying import copy_of
from tests.unit.web.site import Browser, Site, site


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
    with copy_of(scored, tmp_path / "copy.db") as made:
        yield made
