"""One small history and its model, trained once in a process: for files that want any model of dated leads."""

from __future__ import annotations

from functools import cache

from scoring.train import Training, train
from tests.unit.scoring.worlds import AS_OF, DATED_GOAL, dated

WORLD = dated(700, seed=2)


@cache
def trained() -> Training:
    """Return the model of ``WORLD``; nobody changes it."""
    return train(WORLD, DATED_GOAL, as_of=AS_OF, seed=3, tenant="t1", version="model_v20250101")
