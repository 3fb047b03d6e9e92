"""The oracle sees what it is there for: each fault that is put into the product turns it red, and by the right rule."""

from __future__ import annotations

import pytest

from tests.simulator.saboteurs import SABOTEURS, Sabotage, Saboteur
from tests.simulator.world import run

MOST_SEEDS = 60
ACTIONS = 14
"""People are busier than in other seeds: the more overlaps, the sooner a fault shows."""


@pytest.mark.parametrize("name", SABOTEURS)
def test_a_saboteur_is_caught(name: str) -> None:
    """Within so few seeds that a thousand can't miss it, in one that is clean without it."""
    saboteur = SABOTEURS[name]
    seen: list[str] = []
    for seed in sorted(range(MOST_SEEDS), key=lambda seed: seed != saboteur.first):
        broken = _broken(seed, saboteur, saboteur.spoil)
        seen += broken
        named = any(sentence.startswith(f"{saboteur.rule.__name__}:") for sentence in broken)
        if named and not _broken(seed, saboteur, saboteur.bared):
            return
    pytest.fail(f"{MOST_SEEDS} seeds did not show by {saboteur.rule.__name__}: {name}; what they showed: {seen}")


def _broken(seed: int, saboteur: Saboteur, spoil: Sabotage) -> list[str]:
    return run(seed, spoil, weather=saboteur.weather, watched=saboteur.watched, actions=ACTIONS).broken
