"""A store on SQLite: what is asked of both databases takes ``store``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.store.migrate import upgrade
from connector.store.session import Store, open_store


@pytest.fixture
def lite(tmp_path: Path) -> Iterator[Store]:
    """An empty, migrated store."""
    opened = open_store(f"sqlite:///{tmp_path / 'facts.db'}")
    upgrade(opened)
    yield opened
    opened.close()
