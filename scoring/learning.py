"""From snapshot rows to a fitted, calibrated model, and what its trial on newer rows showed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from scoring.calibration import IDENTITY, Calibration, calibrate
from scoring.features import FeatureSpec, Matrix, Vectors, build, fit
from scoring.metrics import Floats
from scoring.models import Model, scorecard
from scoring.models import Training as Rows
from scoring.models.choose import Choice, choose
from scoring.schema import Timing
from scoring.splits import Mask, Split, distinct_conversions
from scoring.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be learned from."""

    timeline: Timeline
    rows: pl.DataFrame
    timing: Timing
    excluded: Collection[str]
    seed: int

    def training(self, matrix: Matrix, columns: tuple[str, ...]) -> Rows:
        """The rows with their vectors."""
        label = self.rows["label"].cast(pl.Float64).to_numpy()
        return Rows(matrix, label, self.rows["weight"].to_numpy(), columns, self.seed)


@dataclass(frozen=True, slots=True)
class Trial:
    """The judging rows (newer than all that was learned from), their vectors and calibrated log-odds.

    ``choice`` and ``split`` are None for the scorecard.
    """

    rows: pl.DataFrame
    matrix: Matrix
    columns: tuple[str, ...]
    log_odds: Floats
    choice: Choice | None = None
    split: Split | None = None


@dataclass(frozen=True, slots=True)
class Fitted:
    """What serves."""

    spec: FeatureSpec
    vectors: Vectors
    model: Model
    calibration: Calibration


def learned(task: Task, split: Split) -> tuple[Fitted, Trial] | None:
    """Choose on validation, judge on the test window, then refit the recipe on all matured rows.

    None where no input varies, so that there is nothing to learn from.

    The trial's model has seen train and validation rows and is calibrated on validation alone; the
    serving model is calibrated on the pooled out-of-fold log-odds of both windows.
    """
    spec, _ = fit(task.timeline, task.rows.filter(pl.Series(split.dev)), task.timing, task.excluded)
    if not spec.columns:
        return None
    matrix = build(task.timeline, task.rows, spec).matrix
    whole = task.training(matrix, spec.columns)
    choice = choose(whole.where(split.train), whole.where(split.valid))
    raw = choice.recipe.fit(whole.where(split.dev)).log_odds(matrix[split.test])
    first = _calibrated(task, [(split.valid, choice.log_odds)])
    pooled = _calibrated(task, [(split.valid, choice.log_odds), (split.test, raw)])
    judged = task.rows.filter(pl.Series(split.test))
    trial = Trial(judged, matrix[split.test], spec.columns, first.apply(raw), choice, split)
    spec, vectors = fit(task.timeline, task.rows, task.timing, task.excluded)
    model = choice.recipe.fit(task.training(vectors.matrix, spec.columns))
    return Fitted(spec, vectors, model, pooled), trial


def ruled(task: Task) -> tuple[Fitted, Trial]:
    """The scorecard: nothing is learned but the base rate, so all rows may judge it."""
    spec, vectors = fit(task.timeline, task.rows, task.timing, task.excluded)
    model = scorecard.fit(task.training(vectors.matrix, spec.columns))
    log_odds = model.log_odds(vectors.matrix)
    return Fitted(spec, vectors, model, IDENTITY), Trial(task.rows, vectors.matrix, spec.columns, log_odds)


def _calibrated(task: Task, folds: Sequence[tuple[Mask, Floats]]) -> Calibration:
    """Calibrate on the out-of-fold log-odds of the folds together."""
    parts = [task.rows.filter(pl.Series(mask)) for mask, _ in folds]
    rows = pl.concat(parts)
    raw = np.concatenate([values for _, values in folds])
    label = rows["label"].cast(pl.Float64).to_numpy()
    return calibrate(raw, label, rows["weight"].to_numpy(), distinct_conversions(rows))
