"""A store on SQLite: what is asked of both databases takes ``store``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.store.session import Store
from tests import databases


@pytest.fixture
def lite(tmp_path: Path) -> Iterator[Store]:
    """An empty, migrated store."""
    opened = databases.sqlite_store(tmp_path / "facts.db")
    yield opened
    opened.close()
