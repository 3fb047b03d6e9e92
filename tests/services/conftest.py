"""Accounts whose first run is done: made once in a process, and copied by each test that begins there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.services.copies import scored_world
from tests.simulator import quick
from tests.world import World


@pytest.fixture(scope="session")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """An account of 120 people, scored by a model that was trained on them. Tests leave it as it is."""
    with scored_world(tmp_path_factory.mktemp("scored")) as made:
        yield made


@pytest.fixture(scope="session")
def quickly_scored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The same by a model that takes no time: copies of it go on with ``quick.stand_in``."""
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:
            folder = tmp_path_factory.mktemp("quickly_scored")
            made = stack.enter_context(scored_world(folder, None, lambda it: quick.stand_in(it, patch)))
        yield made
