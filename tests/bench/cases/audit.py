"""A logistic baseline beside boosted ranking, a picture of each top lead's score, and a pack that an auditor checks.

The pack holds the model, its report, the recorded scores with the inputs that they were made of, and each file's hash.
Replay needs the pack alone.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import polars as pl

from scoring.bundle import dumps
from scoring.predict import score_recorded
from scoring.replay import differences, record, replay
from scoring.schema import Complexity, Goal, Timing
from scoring.train import Training, train
from scoring.waterfall import waterfall
from tests.bench.cases.bars import Bar, draw
from tests.bench.rows import Row, progress
from tests.unit.scoring.worlds import AS_OF, dated

CASE = "audit"
TENANT = "bench"
SHOWN = 5


def run(out: Path, seed: int, *, quick: bool) -> list[Row]:
    """Train twice, score, draw, pack, replay."""
    world = dated(500 if quick else 4_000, seed=seed % 1_000)
    made: dict[str, Training] = {}
    for name, complexity in (("logistic baseline", Complexity.INTERPRETABLE), ("boosted ranking", Complexity.STANDARD)):
        progress(f"{CASE}: {name}")
        goal = Goal("Deal won", Timing.DATED, horizon_days=60, complexity=complexity)
        made[name] = train(world, goal, as_of=AS_OF, seed=seed, tenant=TENANT, version="model_v20250101")
    rows = _compared(out, made)
    chosen = made["boosted ranking"]
    recorded = score_recorded(chosen.bundle, world, as_of=AS_OF, former={})
    best = recorded.scores.sort("score_tenths", descending=True).head(SHOWN)
    for lead in best.iter_rows(named=True):
        parts = [(part["concept"], part["contribution"]) for part in lead["contributions"]]
        title = f"Lead {lead['lead_id']}: why {lead['score_tenths'] / 10:.1f} of 100"
        (out / f"{CASE}-lead-{lead['lead_id']}.svg").write_text(waterfall(lead["base_value"], parts, title=title))
    folder = _packed(out / "audit-pack", chosen, record(recorded.scores), recorded.inputs)
    return [*rows, *_verified(folder, recorded.scores)]


def _compared(out: Path, made: dict[str, Training]) -> list[Row]:
    told = {name: one.report["metrics"] for name, one in made.items()}
    metrics = {name: {"auc": found["auc"], "lift": found["lift"]["20"]} for name, found in told.items()}
    rows = []
    for metric, words in (("auc", "AUC"), ("lift", "lift of the best 20 %")):
        best = max(found[metric]["value"] for found in metrics.values())
        for name, found in metrics.items():
            figure = found[metric]
            spread = (figure["high"] - figure["low"]) / 2
            rows.append(Row(CASE, f"{name}: {words}", words, figure["value"], best, None, 1, spread))
    bars = [
        Bar(name, found["auc"]["value"], (found["auc"]["high"] - found["auc"]["low"]) / 2)
        for name, found in metrics.items()
    ]
    how = "How to read: .5 is chance; lines are 95 % intervals. The newest leads, which neither model had seen."
    draw(out / f"{CASE}.svg", "Logistic baseline and boosted ranking", how, ("AUC on newer leads", 0.5, 1.0), bars)
    return rows


def _packed(folder: Path, made: Training, scores: pl.DataFrame, inputs: pl.DataFrame) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.bundle").write_bytes(dumps(made.bundle))
    (folder / "report.json").write_text(json.dumps(made.report, indent=1, ensure_ascii=False, default=str) + "\n")
    scores.write_parquet(folder / "scores.parquet")
    inputs.write_parquet(folder / "inputs.parquet")
    hashes = {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.iterdir())
        if file.name != "SHA256.json"
    }
    (folder / "SHA256.json").write_text(json.dumps(hashes, indent=1) + "\n")
    return folder


def _verified(folder: Path, scores: pl.DataFrame) -> list[Row]:
    """From the pack's files alone; one touched score must be found."""
    kept, inputs = (pl.read_parquet(folder / f"{name}.parquet") for name in ("scores", "inputs"))
    again = replay((folder / "model.bundle").read_bytes(), inputs, tenant=TENANT)
    wrong = {one.lead_id for one in differences(kept, again)}
    touched = kept.with_columns(
        probability=pl.when(pl.int_range(pl.len()) == 0).then(pl.col("probability") + 1e-12).otherwise("probability")
    )
    found = {one.lead_id for one in differences(touched, again)} - wrong
    sums = scores.select(
        pl.col("contributions").list.eval(pl.element().struct.field("contribution")).list.sum()
        + pl.col("base_value")
        - pl.col("log_odds")
    ).to_series()
    exact = float((sums.abs() < 1e-6).sum())
    return [
        Row(CASE, "scores that replay bit for bit", "scores", scores.height - len(wrong), scores.height, 1.0),
        Row(CASE, "scores whose reasons add up within 1e-6", "scores", exact, scores.height, 1.0),
        Row(CASE, "touched scores that are found", "scores", len(found), 1, 1.0),
    ]
