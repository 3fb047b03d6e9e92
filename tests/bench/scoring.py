"""How fast leads are scored, beside what LightGBM alone needs for the finished matrix.

``python -m tests.bench.scoring --leads 100000``: trains on histories of several sizes, then scores ever larger ones in
a process of their own (so that each has its own peak of memory) and prints rows a second for the features, the
prediction and the reasons, the ratio to LightGBM's own prediction, the time for one lead from its history, and by how
much time grows with size. Up to 100,000 leads each figure is the median of five runs. Seconds are of processor time, in
one thread and in polars' threads together as far as the clock on the wall allows. ``--quick`` ends within a minute.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl

from scoring import bundle as bundles
from scoring.bundle import Bundle
from scoring.explain import explain
from scoring.features import build
from scoring.models import Training, gbm
from scoring.population import existing, numbered, open_rows
from scoring.predict import score
from scoring.schema import (
    CONVERSIONS,
    EVENTS,
    LEADS,
    UTC_TIME,
    VALUES,
    Field,
    FieldType,
    Goal,
    History,
    Knowledge,
    Timing,
)
from scoring.timeline import Timeline
from scoring.train import train
from tests.bench.rows import Row, written
from tests.bench.rows import told as told_rows
from tests.unit.scoring.worlds import AS_OF, START, history

TENANT, CASE = "bench", "scoring"
TRAINED, QUICK_TRAINED = (1_000, 100_000, 10_000), (2_000,)
"""Leads of the histories trained on; the last one's model scores."""
LEADS_SCORED, QUICK_LEADS = (1_000, 10_000, 100_000, 1_000_000), (1_000, 10_000)
RUNS, REPEATED, LEAST_SLOPED = 5, 100_000, 10_000
LEAST_SPEED, MOST_MILLISECONDS, MOST_GIBIBYTES, MOST_SECONDS, MOST_POWER = 0.5, 15.0, 24.0, 600.0, 1.1
EVENTS_PER_LEAD = 20
REASONED = 10_000
SINGLE_LEADS, SINGLE_HISTORY = 100, 2_000
GIBIBYTE = 1024 * 1024
KINDS = ("page_view", "email_opened", "email_clicked", "form_submitted", "meeting")
SOURCES = ("web", "event", "ads", "referral", "partner")
GOAL = Goal("Deal won", Timing.DATED, horizon_days=30)


def large(leads: int, seed: int = 1) -> History:
    """Return leads with 20 events and four fields each over a year; one in eight converts."""
    rng = np.random.default_rng(seed)
    ids = np.arange(1, leads + 1)
    born = START.timestamp() + rng.uniform(0, 330 * 86_400, leads)
    eager = rng.normal(size=leads)
    won = rng.random(leads) < 1 / (1 + np.exp(2.6 - 1.2 * eager))
    people = pl.DataFrame(
        {
            "lead_id": ids,
            "created_at": _times(born),
            "intake_order": pl.Series([None] * leads, dtype=pl.Int64),
            "company_key": pl.Series(ids // 3).cast(pl.String),
            "email_kind": pl.Series(np.where(rng.random(leads) < 0.6, "business", "free")),
        },
        schema=LEADS,
    )
    acts = np.sort(rng.choice(leads, leads * EVENTS_PER_LEAD, p=np.exp(0.5 * eager) / np.exp(0.5 * eager).sum()))
    at = born[acts] + rng.exponential(40, acts.size) * 86_400
    events = pl.DataFrame(
        {
            "lead_id": ids[acts],
            "at": _times(at),
            "kind": _drawn(rng, KINDS, acts.size),
            "actor": pl.Series(np.where(rng.random(acts.size) < 0.9, "lead", "machine")),
            "detail": _drawn(rng, ("/pricing", "/blog", "/demo", "/docs"), acts.size),
        },
        schema=EVENTS,
    )
    sold = born[won] + (3 + rng.exponential(25, int(won.sum()))) * 86_400
    closed = sold < AS_OF.timestamp()
    conversions = pl.DataFrame({"lead_id": ids[won][closed], "at": _times(sold[closed])}, schema=CONVERSIONS)
    fields = {
        "size": pl.Series(np.exp(rng.normal(4, 1, leads)).round()).cast(pl.String),
        "budget": pl.Series(rng.integers(1, 100, leads)).cast(pl.String),
        "source": _drawn(rng, SOURCES, leads),
        "title": _drawn(rng, ("Marketing Director", "Sales Manager", "Engineer", "Assistant"), leads),
    }
    unknown = pl.Series([None] * leads, dtype=UTC_TIME)
    values = pl.concat(
        pl.DataFrame({"lead_id": ids, "field": [name] * leads, "value": column, "known_at": unknown}, schema=VALUES)
        for name, column in fields.items()
    )
    declared = tuple(
        Field(name, name.title(), FieldType.NUMBER if name in ("size", "budget") else FieldType.TEXT, Knowledge.INTAKE)
        for name in fields
    )
    return history(people, values=values, events=events, conversions=conversions, fields=declared)


def _times(seconds: np.ndarray) -> pl.Series:
    return pl.Series((seconds * 1e6).astype(np.int64)).cast(UTC_TIME)


def _drawn(rng: np.random.Generator, names: tuple[str, ...], count: int) -> pl.Series:
    return pl.Series(names).gather(rng.integers(0, len(names), count))


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    """Return the seconds that ``call`` took, and what it gave."""
    begun = time.perf_counter()
    found = call()
    return time.perf_counter() - begun, found


def measure(model: Path, leads: int) -> dict[str, Any]:
    """Score a history of ``leads``; return the seconds of every run of each part, and what it was."""
    found = bundles.loads(model.read_bytes(), tenant=TENANT)
    whole = large(leads)
    rows = numbered(open_rows(whole, existing(whole, AS_OF)).sort("lead_id"))
    vectors = build(Timeline(whole), rows, found.spec)
    booster, some = _boosted(vectors.matrix), build(Timeline(whole), numbered(rows.head(REASONED)), found.spec)
    parts: dict[str, Callable[[], Any]] = {
        "features": lambda: build(Timeline(whole), rows, found.spec),
        "prediction": lambda: found.model.log_odds(vectors.matrix),
        "floor": lambda: booster.log_odds(vectors.matrix),
        "path": lambda: score(found, whole, as_of=AS_OF, reasons=False),
        "reasons": lambda: explain(found, some).reasons(),
    }
    runs = RUNS if leads <= REPEATED else 1
    # Turn about, so that whatever else the machine does meets all parts alike.
    taken = [{name: timed(call)[0] for name, call in parts.items()} for _ in range(runs)]
    return {
        "leads": leads,
        "events": whole.events.height,
        "scored": rows.height,
        "columns": len(vectors.columns),
        "explained": some.matrix.shape[0],
        "seconds": {name: [one[name] for one in taken] for name in parts},
        "peak_gibibytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / GIBIBYTE,
    }


def _boosted(matrix: np.ndarray) -> gbm.Gbm:
    """Return a booster of 300 rounds over these columns, made once outside of the timed part."""
    key = matrix.shape[1]
    if key not in _MADE:
        rng = np.random.default_rng(0)
        sample = matrix[: min(len(matrix), 20_000)]
        label = (rng.random(len(sample)) < 0.2).astype(np.float64)
        training = Training(sample, label, np.ones(len(sample)), (), 0)
        params = {"num_leaves": 31, "learning_rate": 0.05, "min_data_in_leaf": 20, "feature_fraction": 0.8}
        _MADE[key] = gbm.fit(training, gbm.Recipe(params, 300))
    return _MADE[key]


_MADE: dict[int, gbm.Gbm] = {}


def single(model: Path) -> list[float]:
    """Score and explain one lead after another from its raw history; return milliseconds."""
    found = bundles.loads(model.read_bytes(), tenant=TENANT)
    whole = large(SINGLE_HISTORY)
    open_leads = score(found, whole, as_of=AS_OF, reasons=False)["lead_id"].head(SINGLE_LEADS).to_list()
    score(found, only(whole, open_leads[0]), as_of=AS_OF)
    seconds = []
    for lead in open_leads:
        alone = only(whole, lead)
        seconds.append(timed(lambda alone=alone: score(found, alone, as_of=AS_OF))[0])
    return [1000 * one for one in seconds]


def only(whole: History, lead: int) -> History:
    """Return the history of one lead, as the real-time lane reads it."""

    def of(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.filter(pl.col("lead_id") == lead)

    frames = (whole.leads, whole.values, whole.events, whole.conversions, whole.exclusions)
    return History(*(of(frame) for frame in frames), whole.fields)


def trained(folder: Path, leads: int) -> tuple[Path, Row]:
    """Train once; return where the model lies, and what the training took."""
    begun = time.process_time()
    made = train(large(leads), GOAL, as_of=AS_OF, seed=1, tenant=TENANT, version="model_v20250101")
    seconds = time.process_time() - begun
    bundle: Bundle = made.bundle
    path = folder / f"model-{leads}.bundle"
    path.write_bytes(bundles.dumps(bundle))
    name = f"training on {leads:,} leads ({made.report['rows']:,} snapshots), a {bundle.model.kind}"
    return path, Row(CASE, name, "s of a core", seconds, seconds)


def lines(found: dict[str, Any]) -> list[Row]:
    """What was measured on one size, beside what it is held to."""
    seconds, size = found["seconds"], f"{found['leads']:,} leads"
    middle = {name: statistics.median(runs) for name, runs in seconds.items()}
    runs = len(seconds["path"])

    def rate(name: str, count: int, part: str, required: float | None, beside: str = "floor") -> Row:
        spread = statistics.pstdev(count / one for one in seconds[part])
        sides = (count / middle[part], count / middle[beside])
        return Row(CASE, f"{size}: {name}", "leads/s", *sides, required, runs, spread)

    rows = [
        rate(f"features, {found['columns']} columns", found["scored"], "features", None),
        rate("prediction beside LightGBM's own", found["scored"], "prediction", LEAST_SPEED),
        rate("features and score beside LightGBM's own", found["scored"], "path", LEAST_SPEED),
        rate("reasons", found["explained"], "reasons", None, "reasons"),
        Row(CASE, f"{size}: memory", "GiB", found["peak_gibibytes"], MOST_GIBIBYTES, 1.0, less_is_better=True),
    ]
    if found["leads"] >= 1_000_000:
        name = f"{size} with {found['events']:,} events, features and score"
        rows.append(Row(CASE, name, "s", middle["path"], MOST_SECONDS, 1.0, runs, less_is_better=True))
    return rows


def slope(sizes: list[dict[str, Any]]) -> list[Row]:
    """By which power of the number of leads the time of the path grows; 1: in step with them."""
    known = [one for one in sizes if one["leads"] >= LEAST_SLOPED] or sizes
    if len(known) < 2:
        return []
    leads = np.log([one["leads"] for one in known])
    power = float(np.polyfit(leads, np.log([statistics.median(one["seconds"]["path"]) for one in known]), 1)[0])
    name = f"time of features and score by leads, {known[0]['leads']:,} to {known[-1]['leads']:,}"
    return [Row(CASE, name, "power", power, MOST_POWER, 1.0, len(known), less_is_better=True)]


def apart(model: Path, leads: int) -> dict[str, Any]:
    """Measure in a process of its own, so that its peak of memory is its own."""
    command = [sys.executable, "-m", "tests.bench.scoring", "--model", str(model), "--leads", str(leads)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def rows(chosen: argparse.Namespace) -> list[Row]:
    """Train, score one lead after another, then every size."""
    found, sizes = [], []
    with TemporaryDirectory() as name:
        for leads in QUICK_TRAINED if chosen.quick else TRAINED:
            model, row = trained(Path(name), leads)
            found.append(row)
        alone = single(model)
        middle = statistics.median(alone)
        worst = sorted(alone)[int(len(alone) * 0.95)]
        for words, value in (("median", middle), ("95th of 100", worst)):
            required = 1.0 if words == "median" else None
            told = f"one lead from history to score and reasons, {words}"
            spread = statistics.pstdev(alone)
            found.append(
                Row(CASE, told, "ms", value, MOST_MILLISECONDS, required, len(alone), spread, less_is_better=True)
            )
        for leads in chosen.leads or (QUICK_LEADS if chosen.quick else LEADS_SCORED):
            sizes.append(apart(model, leads))
            found += lines(sizes[-1])
            sys.stdout.write(told_rows(lines(sizes[-1])))
    return [*found, *slope(sizes)]


def main() -> int:
    """Measure, print, write. A quick run is too small to hold anything to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leads", type=int, nargs="*", help="sizes of history to score")
    parser.add_argument("--quick", action="store_true", help="within a minute")
    parser.add_argument("--report", type=Path, help="write the figures as JSON")
    parser.add_argument("--model", type=Path, help="measure with this model, in this process")
    chosen = parser.parse_args()
    if chosen.model:
        sys.stdout.write(json.dumps(measure(chosen.model, chosen.leads[0])))
        return 0
    found = rows(chosen)
    sys.stdout.write(told_rows(found))
    if chosen.report:
        written(chosen.report, found, {"quick": chosen.quick})
    return 0 if chosen.quick or all(row.held for row in found) else 1


if __name__ == "__main__":
    sys.exit(main())
