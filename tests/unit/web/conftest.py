"""Fixtures of the pages: SQLite is enough, the store has tests of its own on both databases."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.records import Role
from connector.store.migrate import upgrade
from connector.store.session import Store, open_store
from tests.unit.web.site import Browser, Site, site


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with an empty store: a copy is there in no time, the migrations take half a second."""
    path = tmp_path_factory.mktemp("migrated") / "empty.db"
    store = open_store(f"sqlite:///{path}")
    upgrade(store)
    store.close()
    return path


def _store(folder: Path, migrated: Path) -> Store:
    shutil.copy(migrated, folder / "web.db")
    return open_store(f"sqlite:///{folder / 'web.db'}")


@pytest.fixture
def fresh(tmp_path: Path, migrated: Path) -> Iterator[Site]:
    """Pages over an empty store."""
    store = _store(tmp_path, migrated)
    yield site(store)
    store.close()


@pytest.fixture(scope="session")
def scored(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Iterator[Site]:
    """Pages of a tenant whose first run is done. Read only."""
    store = _store(tmp_path_factory.mktemp("scored"), migrated)
    made = site(store, people=400)
    made.signed_in()
    made.world.work()
    yield made
    store.close()


@pytest.fixture
def alice(scored: Site) -> Browser:
    """Signed in to the scored tenant by a session of her own."""
    return scored.as_a(Role.OWNER, scored.tenant_of("101"), "Alice")
