"""Training: history in, bundle and report out."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl
from scipy.special import expit

from scoring import guard
from scoring.bundle import Bundle
from scoring.calibration import Calibration, calibrate
from scoring.dataset import snapshots, until
from scoring.features import FeatureSpec, Vectors, build, fit
from scoring.metrics import Floats
from scoring.models import Model, scorecard
from scoring.models import Training as Rows
from scoring.models.choose import Choice, choose
from scoring.predict import score
from scoring.report import Trial, report
from scoring.schema import Goal, History
from scoring.scoremap import ScoreMap
from scoring.splits import Split, distinct_conversions, time_split
from scoring.tiers import Tiers, by_share
from scoring.timeline import Timeline

MIN_CONVERSIONS = 30
"""Fewer distinct converting leads than this get a scorecard instead of a learned model."""


@dataclass(frozen=True, slots=True)
class Training:
    """A finished training: what scores, and what is known about its quality (JSON-able)."""

    bundle: Bundle
    report: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Fitted:
    spec: FeatureSpec
    vectors: Vectors
    model: Model
    calibration: Calibration


def version_for(as_of: datetime, existing: Collection[str]) -> str:
    """``model_v20260201``; then ``.2``, ``.3`` … where that day already has versions in ``existing``."""
    day = f"model_v{as_of:%Y%m%d}"
    number = 1
    while (version := day if number == 1 else f"{day}.{number}") in existing:
        number += 1
    return version


def train(
    history: History,
    goal: Goal,
    *,
    as_of: datetime,
    seed: int,
    tenant: str,
    version: str,
    score_map: ScoreMap | None = None,
) -> Training:
    """Train on what was known before ``as_of``.

    Under 30 distinct conversions, or where no time split can hold enough of them, the result is a
    scorecard. ``score_map`` of the first training keeps scores comparable; without it a new one is made.

    Raises:
        HistoryError: a frame lacks the documented columns.
    """
    timeline = Timeline(history)
    rows = snapshots(history, goal, as_of=as_of, seed=seed)
    split = time_split(rows, goal) if distinct_conversions(rows) >= MIN_CONVERSIONS else None
    verdicts = guard.judge(timeline, until(history, as_of), rows, split, goal, seed)
    excluded = {verdict.field for verdict in verdicts if verdict.verdict is not guard.Verdict.CLEAR}
    trial, fitted = _learned(timeline, rows, split, goal, (excluded, seed)) if split else _ruled(
        timeline, rows, goal, (excluded, seed)
    )
    mapping = score_map or ScoreMap(_base(rows))
    bundle = Bundle(
        tenant, version, goal, fitted.spec, fitted.model, fitted.calibration, mapping, Tiers(1_000, 1_000)
    )
    bundle = _with_tiers(bundle, history, as_of)
    return Training(bundle, report(bundle, rows, trial, fitted.vectors, verdicts, as_of, seed))


def _learned(
    timeline: Timeline, rows: pl.DataFrame, split: Split, goal: Goal, settings: tuple[Collection[str], int]
) -> tuple[Trial, _Fitted]:
    """Choose on validation, judge on the test window, then refit the recipe on all matured rows."""
    excluded, seed = settings
    dev_rows = rows.filter(pl.Series(split.dev))
    spec, _ = fit(timeline, dev_rows, goal.timing, excluded)
    matrix = build(timeline, rows, spec).matrix
    whole = as_rows(rows, matrix, spec.columns, seed)
    choice = choose(whole.where(split.train), whole.where(split.valid))
    model = choice.recipe.fit(whole.where(split.dev))
    raw = model.log_odds(matrix[split.test])
    judged = _calibration(rows, whole, [(split.valid, choice.log_odds)])
    final = _calibration(rows, whole, [(split.valid, choice.log_odds), (split.test, raw)])
    trial = Trial(split, judged.apply(raw), matrix, spec, choice)
    spec, vectors = fit(timeline, rows, goal.timing, excluded)
    model = choice.recipe.fit(as_rows(rows, vectors.matrix, spec.columns, seed))
    return trial, _Fitted(spec, vectors, model, final)


def _ruled(
    timeline: Timeline, rows: pl.DataFrame, goal: Goal, settings: tuple[Collection[str], int]
) -> tuple[Trial, _Fitted]:
    """The scorecard: nothing is learned but the base rate, so all rows may judge it."""
    excluded, seed = settings
    spec, vectors = fit(timeline, rows, goal.timing, excluded)
    training = as_rows(rows, vectors.matrix, spec.columns, seed)
    model = scorecard.fit(training)
    everything = np.ones(rows.height, dtype=bool)
    split = Split(everything, everything, everything, everything, ())
    trial = Trial(split, model.log_odds(vectors.matrix), vectors.matrix, spec, None)
    return trial, _Fitted(spec, vectors, model, Calibration("none", 0.0))
