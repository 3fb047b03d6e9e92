"""What is known about a trained model: JSON-able, for pages, model cards and the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import numpy as np
import polars as pl

from scoring import signs
from scoring.bundle import Bundle
from scoring.describing import counted
from scoring.evaluation import Window, baseline, curves, evaluate, within_groups_auc
from scoring.features import catalogue
from scoring.ground import Ground
from scoring.influence import influence
from scoring.leakage import FieldVerdict
from scoring.learning import Fitted, Trial
from scoring.learning_curve import learning_curve
from scoring.models import pooled
from scoring.outcomes import among_highest, told
from scoring.schema import Timing
from scoring.splits import distinct_conversions
from scoring.stability import stability
from scoring.thresholds import thresholds
from scoring.verdict import PRIOR_ALONE, verdict

PERIOD_US = 14 * 86_400_000_000
INTAKE_AGE_DAYS = 14.0


def report(
    bundle: Bundle,
    rows: pl.DataFrame,
    fitted: Fitted,
    trial: Trial,
    *,
    verdicts: Sequence[FieldVerdict],
    assumed: AbstractSet[str],
    seed: int,
) -> dict[str, Any]:
    """Everything but the notes, which the training adds. ``assumed``: fields of unknown time of filling."""
    conversions = distinct_conversions(trial.rows)
    metrics = _quality(bundle, trial, seed)
    compared = _comparisons(trial, seed, metrics)
    rival = max((found["auc"]["value"] or 0.5 for found in compared["baselines"].values()), default=0.5)
    moving = influence(bundle, fitted.vectors.matrix, seed)
    features = moving.features
    resting = _resting_on(bundle, features, assumed)
    reasons = trial.moved.reasons if trial.moved else ()
    kind = PRIOR_ALONE if trial.choice is None and bundle.model.kind == pooled.KIND else bundle.model.kind
    state, sentence = verdict(kind, conversions, metrics, rival, resting, reasons)
    return {
        "kind": bundle.model.kind,
        "version": bundle.version,
        "seed": seed,
        **counted(rows),
        "test": counted(trial.rows),
        "metrics": metrics,
        "drift": trial.moved.to_json() if trial.moved else None,
        "candidates": trial.choice.candidates if trial.choice else {},
        "calibration": bundle.calibration.to_json(),
        "leakage": [found.to_json() for found in verdicts],
        "features": features,
        "worth": bundle.worth.told() if bundle.worth else None,
        "outcomes": {
            "all": told(rows),
            "highest": among_highest(trial.rows, trial.log_odds, bundle.goal.high_intent_share),
        },
        "influence": moving.concepts,
        "signs": _signs(bundle, rows, fitted),
        "verdict": {"state": state, "sentence": sentence},
        "thresholds": thresholds(trial.rows, trial.log_odds, bundle.score_map, bundle.tiers),
        **_firmness(rows, trial, seed),
    } | compared


def _signs(bundle: Bundle, rows: pl.DataFrame, fitted: Fitted) -> dict[str, Any] | None:
    """What the linear part says of its inputs beside what each says alone."""
    label, weight = rows["label"].cast(pl.Float64).to_numpy(), rows["weight"].to_numpy()
    seen = signs.Rows(fitted.vectors.matrix, label, weight, rows["lead_id"].to_numpy())
    return signs.checked(bundle.model, bundle.spec.columns, catalogue(bundle.spec), seen)


def _firmness(rows: pl.DataFrame, trial: Trial, seed: int) -> dict[str, Any]:
    """How firm the ranking is, and what more leads would bring."""
    ground = Ground.of(rows, trial, seed)
    if ground is None:
        return {"stability": None, "learning_curve": None}
    return {"stability": stability(ground), "learning_curve": learning_curve(ground, rows["lead_id"].n_unique())}


def _quality(bundle: Bundle, trial: Trial, seed: int) -> dict[str, Any]:
    if trial.rows.is_empty():
        return {}
    window = Window.of(trial.rows, trial.log_odds)
    metrics = evaluate(window, bundle.goal.capacity, seed)
    age = trial.rows["age_days"]
    if bundle.goal.timing is Timing.DATED:
        metrics["auc_within_dates"] = within_groups_auc(window, trial.rows["order"].to_numpy() // PERIOD_US)
        young = (age <= INTAKE_AGE_DAYS).fill_null(False) & trial.rows["lead_id"].is_first_distinct()
        metrics["auc_at_intake"] = _auc_of(trial, young)
    return metrics


def _auc_of(trial: Trial, chosen: pl.Series) -> float | None:
    mask = chosen.to_numpy()
    if not mask.any():
        return None
    window = Window.of(trial.rows.filter(chosen), trial.log_odds[mask])
    return within_groups_auc(window, np.zeros(int(mask.sum()), dtype=np.int64))


def _comparisons(trial: Trial, seed: int, metrics: dict[str, Any]) -> dict[str, Any]:
    """Baselines and curves of the same window."""
    if not metrics:
        return {"baselines": {}, "curves": {}}
    window = Window.of(trial.rows, trial.log_odds)
    half = {"value": 0.5, "low": 0.5, "high": 0.5}
    one = {"value": 1.0, "low": 1.0, "high": 1.0}
    baselines: dict[str, Any] = {"random": {"auc": half, "lift_at_20": one}}
    if trial.rows["age_days"].null_count() < trial.rows.height:
        baselines["age"] = baseline(window, -trial.rows["age_days"].fill_null(0.0).to_numpy(), seed)
    if "recency.any" in trial.columns:
        days = trial.matrix[:, trial.columns.index("recency.any")]
        baselines["recency"] = baseline(window, -np.nan_to_num(days, nan=1e9), seed)
    return {"baselines": baselines, "curves": curves(window)}


def _resting_on(bundle: Bundle, features: Sequence[dict[str, Any]], assumed: AbstractSet[str]) -> list[str]:
    """Labels of the strongest assumed fields, if together they carry more than half of all importance."""
    declared = catalogue(bundle.spec).features
    labels = {field.name: field.label for field in bundle.spec.fields if field.name in assumed}
    carried: Counter[str] = Counter()
    for entry in features:
        for name in labels.keys() & set(declared[entry["name"]].inputs):
            carried[labels[name]] += entry["importance"]
    whole = sum(entry["importance"] for entry in features)
    return [label for label, _ in carried.most_common(3)] if carried.total() > whole / 2 else []
