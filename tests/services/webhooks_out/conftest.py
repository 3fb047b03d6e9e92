"""A store on SQLite alone, for what does not hang on the database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.store.session import Store
from tests.databases import sqlite_store


@pytest.fixture
def light_store(tmp_path: Path) -> Iterator[Store]:
    """Make one."""
    opened = sqlite_store(tmp_path / "light.db")
    yield opened
    opened.close()
