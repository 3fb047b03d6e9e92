"""Two dozen storms, a thousand by ``make storms``, ten thousand by ``make soak``: the oracle finds nothing wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from connector.crashpoints import Point
from tests.simulator.__main__ import told
from tests.simulator.world import run

ROOT = Path(__file__).resolve().parents[2]
SEEDS = 24

ELSEWHERE = frozenset(point for point in Point if point.name.startswith(("ERASURE_", "LEAVING_")))
"""Points of what an admin asks for once: tests/services/privacy dies at each of them."""


def test_nothing_is_violated_and_every_named_point_is_reached() -> None:
    """Nothing lost, nothing written twice, no budget overrun, no token refreshed twice.

    A point that the simulator never comes to is a promise that nobody has tried.
    """
    seen: Counter[Point] = Counter()
    for seed in range(SEEDS):
        outcome = run(seed)
        assert not outcome.broken, "\n".join(told(outcome))
        seen += outcome.seen
    assert set(seen) == set(Point) - ELSEWHERE


def test_a_seed_repeats_to_the_last_step() -> None:
    """In another process, whose sets have another order, too: else a failing seed would be of no use."""
    here = "\n".join(told(run(7)))
    command = [sys.executable, "-m", "tests.simulator", "--seed", "7", "--trace"]
    environ = {**os.environ, "PYTHONHASHSEED": "4711"}
    there = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=True)
    assert there.stdout.strip() == here.strip()
