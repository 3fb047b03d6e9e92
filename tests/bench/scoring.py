"""How fast leads are scored, beside what LightGBM alone needs for the finished matrix.

``python -m tests.bench.scoring --leads 100000``: trains on a small history, then scores ever larger ones in a
process of their own (so that each has its own peak of memory) and prints rows a second for the features, the
prediction and the reasons, the ratio to LightGBM's own prediction, and the time for one lead from its history.
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
from tests.unit.scoring.worlds import AS_OF, START, history

TENANT = "bench"
TRAINED_ON = 10_000
EVENTS_PER_LEAD = 20
REASONED = 10_000
SINGLE_LEADS, SINGLE_HISTORY = 50, 2_000
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
    """Score a history of ``leads``; return seconds and rates."""
    found = bundles.loads(model.read_bytes(), tenant=TENANT)
    whole = large(leads)
    rows = numbered(open_rows(whole, existing(whole, AS_OF)).sort("lead_id"))
    featured, vectors = timed(lambda: build(Timeline(whole), rows, found.spec))
    predicted, _ = timed(lambda: found.model.log_odds(vectors.matrix))
    booster = _boosted(vectors.matrix)
    floor, _ = timed(lambda: booster.log_odds(vectors.matrix))
    whole_path, scored = timed(lambda: score(found, whole, as_of=AS_OF, reasons=False))
    some = build(Timeline(whole), numbered(rows.head(REASONED)), found.spec)
    reasoned, _ = timed(lambda: explain(found, some))
    return {
        "leads": leads,
        "events": whole.events.height,
        "scored": scored.height,
        "columns": len(vectors.columns),
        "features_seconds": round(featured, 2),
        "prediction_seconds": round(predicted, 2),
        "lightgbm_floor_seconds": round(floor, 2),
        "path_seconds": round(whole_path, 2),
        "speed_beside_floor": round(floor / whole_path, 2),
        "leads_a_second": round(scored.height / whole_path),
        "reasons_a_second": round(some.matrix.shape[0] / reasoned),
        "peak_gibibytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / GIBIBYTE, 2),
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


def single(model: Path) -> dict[str, Any]:
    """Score and explain one lead after another from its raw history; return milliseconds."""
    found = bundles.loads(model.read_bytes(), tenant=TENANT)
    whole = large(SINGLE_HISTORY)
    open_leads = score(found, whole, as_of=AS_OF, reasons=False)["lead_id"].head(SINGLE_LEADS).to_list()
    score(found, _only(whole, open_leads[0]), as_of=AS_OF)
    seconds = []
    for lead in open_leads:
        alone = _only(whole, lead)
        seconds.append(timed(lambda alone=alone: score(found, alone, as_of=AS_OF))[0])
    ranked = sorted(seconds)
    return {
        "one_lead_median_ms": round(statistics.median(ranked) * 1000, 1),
        "one_lead_95th_ms": round(ranked[int(len(ranked) * 0.95)] * 1000, 1),
    }


def _only(whole: History, lead: int) -> History:
    def of(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.filter(pl.col("lead_id") == lead)

    frames = (whole.leads, whole.values, whole.events, whole.conversions, whole.exclusions)
    return History(*(of(frame) for frame in frames), whole.fields)


def trained(folder: Path) -> tuple[Path, dict[str, Any]]:
    """Train once; return where the model lies, and what the training took."""
    seconds, made = timed(
        lambda: train(large(TRAINED_ON), GOAL, as_of=AS_OF, seed=1, tenant=TENANT, version="model_v20250101")
    )
    bundle: Bundle = made.bundle
    path = folder / "model.bundle"
    path.write_bytes(bundles.dumps(bundle))
    figures = {"trained_on": TRAINED_ON, "training_seconds": round(seconds, 1), "kind": bundle.model.kind}
    return path, figures


def apart(model: Path, leads: int) -> dict[str, Any]:
    """Measure in a process of its own, so that its peak of memory is its own."""
    command = [sys.executable, "-m", "tests.bench.scoring", "--model", str(model), "--leads", str(leads)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def main() -> None:
    """Print one JSON object a line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leads", type=int, nargs="*", default=[1_000, 10_000, 100_000, 1_000_000])
    parser.add_argument("--model", type=Path, help="measure with this model, in this process")
    chosen = parser.parse_args()
    if chosen.model:
        print(json.dumps(measure(chosen.model, chosen.leads[0])))
        return
    with TemporaryDirectory() as name:
        model, figures = trained(Path(name))
        print(json.dumps(figures | single(model)), flush=True)
        for leads in chosen.leads:
            print(json.dumps(apart(model, leads)), flush=True)


if __name__ == "__main__":
    main()
