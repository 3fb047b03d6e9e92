"""From snapshot rows to a fitted, calibrated model, and what its trial on newer rows showed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from scoring import bands
from scoring.bands import Bands
from scoring.calibration import IDENTITY, SIGMOID_FROM, Calibration
from scoring.evaluation import resampled_together
from scoring.features import FeatureSpec, Matrix, Vectors, build, fit
from scoring.metrics import Floats
from scoring.models import Model, scorecard
from scoring.models import Training as Rows
from scoring.models.choose import Choice
from scoring.models.judging import Fold
from scoring.schema import Timing
from scoring.sequence import rung
from scoring.splits import Mask, Origin, Split, distinct_conversions, origins
from scoring.timeline import Timeline
from scoring.windows import Held, calibrated


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be learned from."""

    timeline: Timeline
    rows: pl.DataFrame
    timing: Timing
    excluded: Collection[str]
    seed: int
    interpretable: bool = False
    """Only models that can be read as a list of coefficients."""
    seller_activity: bool = False
    """Also what sellers did."""

    def fitted(self, rows: pl.DataFrame) -> tuple[FeatureSpec, Vectors]:
        """The features of ``rows``."""
        return fit(self.timeline, rows, self.timing, self.excluded, seller_activity=self.seller_activity)

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
    bands: Bands


def learned(task: Task, split: Split) -> tuple[Fitted, Trial] | None:
    """Choose over rolling origins, judge on the test window, then refit the recipe on all matured rows.

    None where no input varies, so that there is nothing to learn from.

    The trial's model has seen all rows before the test and is calibrated on the rolling windows alone;
    the serving model is calibrated on them and the test window.
    """
    spec, _ = task.fitted(task.rows.filter(pl.Series(split.dev)))
    if not spec.columns:
        return None
    spec = rung.offered(spec, distinct_conversions(task.rows, split.dev), wanted=not task.interpretable)
    matrix = build(task.timeline, task.rows, spec).matrix
    whole = task.training(matrix, spec.columns)
    found = origins(task.rows, split, dated=task.timing is Timing.DATED)
    choice = rung.climbed(folds(task.rows, whole, found), spec, interpretable=task.interpretable)
    spec, matrix = rung.served(spec, matrix, choice)
    whole = task.training(matrix, spec.columns)
    raw = choice.recipe.fit(whole.where(split.dev)).log_odds(matrix[split.test])
    windows = list(zip((origin.window for origin in found), choice.log_odds, strict=True))
    log_odds = out_of_fold(task.rows, windows).apply(raw)
    trial = Trial(task.rows.filter(pl.Series(split.test)), matrix[split.test], spec.columns, log_odds, choice, split)
    framed = spec.framed
    spec, vectors = task.fitted(task.rows)
    if framed:
        spec = rung.with_frame(spec)
        vectors = build(task.timeline, task.rows, spec)
    model = choice.recipe.fit(task.training(vectors.matrix, spec.columns))
    windows = [*windows, (split.test, raw)]
    pooled = out_of_fold(task.rows, windows)
    return Fitted(spec, vectors, model, pooled, bands.learn(task.rows, windows, pooled)), trial


def folds(rows: pl.DataFrame, whole: Rows, found: Sequence[Origin]) -> list[Fold]:
    """The vectors of every origin."""
    sloped = distinct_conversions(rows, _together([origin.window for origin in found])) >= SIGMOID_FROM
    return [
        Fold(
            whole.where(origin.train),
            whole.where(origin.window),
            resampled_together(rows.filter(pl.Series(origin.window))),
            sloped,
        )
        for origin in found
    ]


def out_of_fold(rows: pl.DataFrame, windows: Sequence[tuple[Mask, Floats]]) -> Calibration:
    """The calibration by what models that had not seen the windows, oldest first, say of them."""
    held = []
    for mask, raw in windows:
        part = rows.filter(pl.Series(mask))
        label = part["label"].cast(pl.Float64).to_numpy()
        held.append(Held(raw, label, part["weight"].to_numpy(), distinct_conversions(part)))
    every = _together([mask for mask, _ in windows])
    return calibrated(held, distinct_conversions(rows, every))


def _together(masks: Sequence[Mask]) -> Mask:
    every: Mask = np.logical_or.reduce(masks)
    return every


def ruled(task: Task) -> tuple[Fitted, Trial]:
    """The scorecard: nothing is learned but the base rate, so all rows may judge it."""
    spec, vectors = task.fitted(task.rows)
    model = scorecard.fit(task.training(vectors.matrix, spec.columns))
    log_odds = model.log_odds(vectors.matrix)
    every = (np.ones(task.rows.height, dtype=bool), log_odds)
    known = bands.learn(task.rows, [every], IDENTITY)
    return Fitted(spec, vectors, model, IDENTITY, known), Trial(task.rows, vectors.matrix, spec.columns, log_odds)
