"""The benchmark table: logistic regression, boosted trees and a feed-forward net, each tuned, beside ours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from scoring.evaluation import Window
from tests.bench.cases.bars import Bar, draw
from tests.bench.quality import ours, peers
from tests.bench.quality.cases import Case, parts
from tests.bench.quality.files import READERS
from tests.bench.quality.measure import NAMES, OURS, Judged, interval, measured
from tests.bench.quality.table import HEADS
from tests.bench.quality.tenants import additive, interaction
from tests.bench.rows import Row, progress

CASE = "models"
METHODS = ("logistic regression", "LightGBM", "MLP")
LOWER_IS_BETTER = ("brier", "ece")


def run(out: Path, data: Path | None, seed: int, *, quick: bool) -> list[Row]:
    """Each data set of the folder that has no events, or generated tenants."""
    rows: list[Row] = []
    for case in _cases(data, seed, quick=quick):
        rows += _one(out, case, seed, 1.0 if quick else 15.0)
    return rows


def _cases(data: Path | None, seed: int, *, quick: bool) -> Iterator[Case]:
    found = False
    for name in ("bank-telemarketing", "xeducation"):
        if data is not None and (data / name).is_dir():
            found = True
            yield READERS[name](data / name)[-1]
    if not found:
        yield additive(100 if quick else 1_000, seed)
        yield interaction(100 if quick else 1_000, seed)


def _one(out: Path, case: Case, seed: int, seconds: float) -> list[Row]:
    part = parts(case, seed)[-1]
    test = part.rows.filter(pl.Series(part.split.test))
    said = {}
    for method in (*METHODS, OURS):
        progress(f"{CASE}: {case.name}, {method}")
        said[method] = ours.predicted(part) if method == OURS else peers.predicted(method, part, seconds)
    judged = {method: measured([[Judged(Window.of(test, one.log_odds), one.log_odds)]]) for method, one in said.items()}
    rows = []
    for place, metric in enumerate(NAMES):
        values = {method: interval(draws[:, place]) for method, draws in judged.items()}
        best = (min if metric in LOWER_IS_BETTER else max)(value for value, _, _ in values.values())
        for method, (value, low, high) in values.items():
            name = f"{case.name}: {method}, {HEADS[metric]}"
            less = metric in LOWER_IS_BETTER
            rows.append(Row(CASE, name, HEADS[metric], value, best, None, 1, (high - low) / 2, less_is_better=less))
    areas = {method: interval(draws[:, 0]) for method, draws in judged.items()}
    bars = [Bar(method, value, (high - low) / 2) for method, (value, low, high) in areas.items()]
    how = f"How to read: .5 is chance; lines are 95 % intervals. Each tuned for {seconds:.0f} s on the same rows."
    file = out / f"{CASE}-{case.name.replace(' ', '-').replace(',', '')}.svg"
    draw(file, f"Four kinds of model: {case.name}", how, ("AUC on newer leads", 0.5, 1.0), bars)
    return rows
