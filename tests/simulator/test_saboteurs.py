"""The oracle sees what it is there for: each fault that is put into the product turns it red."""

from __future__ import annotations

import pytest

from tests.simulator.saboteurs import SABOTEURS
from tests.simulator.world import run

MOST_SEEDS = 40
ACTIONS = 14
"""People are busier than in other seeds: the more overlaps, the sooner a fault shows."""


@pytest.mark.parametrize("name", SABOTEURS)
def test_a_saboteur_is_caught(name: str) -> None:
    """Within so few seeds that a thousand can't miss it."""
    saboteur = SABOTEURS[name]
    for seed in range(MOST_SEEDS):
        if run(seed, saboteur.fault, weather=saboteur.weather, watched=saboteur.watched, actions=ACTIONS).broken:
            return
    pytest.fail(f"{MOST_SEEDS} seeds did not show: {name}")
