"""A tenant whose first scores are written, made once and copied for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.store.session import Store
from tests.databases import sqlite_store
from tests.services.copies import copied, scored_world
from tests.services.feedback.desk import Desk
from tests.world import World, small_account


@pytest.fixture(scope="session")
def feedback_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The one that is copied."""
    with scored_world(tmp_path_factory.mktemp("feedback"), small_account(80), complexity="interpretable") as made:
        yield made


@pytest.fixture
def desk(feedback_world: World, tmp_path: Path) -> Iterator[Desk]:
    """A copy on SQLite."""
    store = sqlite_store(tmp_path / "feedback.db")
    yield Desk(copied(feedback_world, store))
    store.close()


@pytest.fixture
def everywhere(feedback_world: World, store: Store) -> Desk:
    """A copy in each kind of database."""
    return Desk(copied(feedback_world, store))
