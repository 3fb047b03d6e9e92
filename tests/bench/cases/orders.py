"""Tenants where the order of steps decides and counts do not: what reads the order, and what that is worth."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from scoring.learning import Task, learned
from scoring.metrics import Floats, auc
from scoring.schema import Goal, Timing
from scoring.sequence import training
from scoring.splits import Split
from scoring.timeline import Timeline
from tests.bench.cases.bars import Bar, draw
from tests.bench.cases.inputs import Inputs, gap, inputs, labelled
from tests.bench.rows import Row, progress
from tests.unit.scoring.walks import TENANTS, Walks

CASE = "order"
LEAST_GAIN = 0.05
COUNTS, NETWORK, LADDER = "counts + LightGBM", "sequence model alone", "the whole ladder"
CLOSE = 1e-3
"""PyTorch's single precision off the grid, beside numpy on it, in log-odds."""


def run(out: Path, seeds: list[int], *, quick: bool) -> list[Row]:
    """Every tenant with every seed."""
    dev, test = (2_000, 1_500) if quick else (8_000, 5_000)
    rows: list[Row] = []
    for name, make in TENANTS.items():
        found = [_one(name, make(dev + test, seed), dev, seed) for seed in (seeds[:1] if quick else seeds)]
        areas = {method: [auc(inside.test, said[method]) for inside, said in found] for method in found[0][1]}
        rows += _told(name, areas, found)
        bars = [Bar(method, float(np.mean(values)), 2 * float(np.std(values))) for method, values in areas.items()]
        how = "How to read: .5 is chance. All leads do the same things equally often; only the order differs."
        title = f"What reads the order of steps: {name}"
        draw(out / f"{CASE}-{name.replace(' ', '-')}.svg", title, how, ("AUC on newer leads", 0.4, 0.9), bars)
    return [*rows, *_same(name, make(2_000, seeds[0]), seeds[0])]


def _one(name: str, walks: Walks, dev: int, seed: int) -> tuple[Inputs, dict[str, Floats]]:
    found = inputs(walks, dev, seed)
    progress(f"{CASE}: {name}, seed {seed}")
    said = {
        COUNTS: found.boosted(found.chosen()),
        "counts and pairs of steps + LightGBM": found.boosted(found.chosen("order.")),
        "pairs of steps alone + LightGBM": found.boosted(found.chosen("order.", counts=False)),
        "embedding alone + LightGBM": found.boosted(found.chosen("course.", "mix.", counts=False)),
        "all columns + LightGBM": found.boosted(found.chosen("order.", "course.", "mix.")),
        NETWORK: found.network(),
        LADDER: _ladder(walks, dev, seed),
    }
    return found, said


def _ladder(walks: Walks, dev: int, seed: int) -> Floats:
    """What training would serve, chosen on rolling windows before the test."""
    place = np.arange(len(walks.label))
    middle = int(0.75 * dev)
    split = Split(place < middle, (place >= middle) & (place < dev), place >= dev, place < dev, ())
    done = learned(Task(Timeline(walks.history), labelled(walks), Goal("Deal won", Timing.DATED), (), seed), split)
    if done is None or done[1].choice is None:
        raise RuntimeError("nothing was learned")
    progress(f"{CASE}: chosen {done[1].choice.name}")
    return done[1].log_odds


def _told(name: str, areas: dict[str, list[float]], found: list[tuple[Inputs, dict[str, Floats]]]) -> list[Row]:
    best = max(float(np.median(values)) for values in areas.values())
    rows = [
        Row(CASE, f"{name}: {method}", "AUC", float(np.median(values)), best, None, len(values), float(np.std(values)))
        for method, values in areas.items()
    ]
    for method in (NETWORK, LADDER):
        gains = [gap(inside.test, said[method], said[COUNTS], inside.seed) for inside, said in found]
        least = min(value - spread for value, spread in gains)
        what = f"{name}: {method} over counts, at worst"
        rows.append(Row(CASE, what, "AUC", least, LEAST_GAIN, 1.0, len(gains), max(spread for _, spread in gains)))
    return rows


def _same(name: str, walks: Walks, seed: int) -> list[Row]:
    """Two trainings give the same network; numpy says what PyTorch says."""
    import torch

    rows = inputs(walks, len(walks.label), seed).framed()
    one, other = training.fitted(rows, 1.0), training.fitted(rows, 1.0)
    same = float(one.to_json() == other.to_json())
    width = len(one.again)
    arrays = {"step": one.step, "gap": one.gap, "again": one.again, "bias": one.bias, "out": one.out}
    weights = {key: torch.tensor(array, dtype=torch.float32) for key, array in arrays.items()}
    weights |= {"into": torch.eye(3 * width), "level": torch.tensor(one.level)}
    apart = float(np.abs(training.line(weights, rows.matrix).numpy() - one.log_odds(rows.matrix)).max())
    return [
        Row(CASE, "two trainings, the same whole numbers", "1: yes", same, 1.0, 1.0, 2),
        Row(CASE, "numpy within .001 log-odds of PyTorch", "1: yes", float(apart < CLOSE), 1.0, 1.0, 1, apart),
    ]
