"""One small history and its model, trained once in a process: for files that want any model of dated leads."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache

from scoring.train import Training, train
from tests.conftest import SHORT, searching
from tests.unit.scoring.worlds import AS_OF, DATED_GOAL, dated

WORLD = dated(550)


@cache
def trained() -> Training:
    """Return the model of ``WORLD``; nobody changes it."""
    # Which file asks first must not matter, and some have the whole search at work.
    with contextmanager(searching)(SHORT):
        return train(
            WORLD, DATED_GOAL, as_of=AS_OF, attributes=["source"], seed=3, tenant="t1", version="model_v20250101"
        )
