"""The oracle sees what it is there for: each fault that is put into the product turns it red, and by the right rule."""

from __future__ import annotations

from functools import cache

import pytest

from tests.simulator.saboteurs import SABOTEURS, Sabotage
from tests.simulator.world import run

MOST_SEEDS = 60
ACTIONS = 14
"""People are busier than in other seeds: the more overlaps, the sooner a fault shows."""


@pytest.mark.parametrize("name", SABOTEURS)
def test_a_saboteur_is_caught(name: str) -> None:
    """Within so few seeds that a thousand can't miss it, in one that is clean without it."""
    saboteur = SABOTEURS[name]
    seen: list[str] = []
    for seed in dict.fromkeys((saboteur.first, *range(MOST_SEEDS))):
        broken = run(seed, saboteur.spoil, weather=saboteur.weather, watched=saboteur.watched, actions=ACTIONS).broken
        seen += broken
        named = any(sentence.startswith(f"{saboteur.rule.__name__}:") for sentence in broken)
        if named and _clean(seed, tuple(saboteur.weather.items()), saboteur.bared, watched=saboteur.watched):
            return
    pytest.fail(f"{MOST_SEEDS} seeds did not show by {saboteur.rule.__name__}: {name}; what they showed: {seen}")


@cache
def _clean(seed: int, weather: tuple[tuple[str, float], ...], bared: Sabotage, *, watched: bool) -> bool:
    """Tell whether nothing is violated without the fault; who shares seed and weather is answered by one run."""
    return not run(seed, bared, weather=dict(weather), watched=watched, actions=ACTIONS).broken
