"""Models that knew nothing of what they are asked about: the trial's, and its recipe fitted at earlier instants."""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from scoring.calibration import IDENTITY, Calibration
from scoring.dataset import capped
from scoring.features import FeatureSpec, build
from scoring.learning import Task, Trial
from scoring.metrics import Floats
from scoring.models import Model
from scoring.models.segmented import SegmentedRecipe
from scoring.population import numbered
from scoring.sequence import rung
from scoring.splits import MIN_TRAIN, distinct_conversions

EARLIER_ROWS = 10_000
"""Rows that a model of an earlier instant learns from at most: what it tells is no figure of quality."""
_DAY_US = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Then:
    """A model as it was at an instant (µs; None: it has learned from no outcome at all)."""

    known_until: int | None
    spec: FeatureSpec
    model: Model
    calibration: Calibration

    def log_odds(self, task: Task, rows: pl.DataFrame) -> Floats:
        """What it says of rows (row, lead_id, as_of)."""
        raw = self.model.log_odds(build(task.timeline, rows, self.spec).matrix)
        return self.calibration.apply(raw)


def tried(task: Task, trial: Trial) -> Then | None:
    """The trial's model, and until when it knew outcomes.

    An outcome within the horizon is known when that has passed: where a short history let the embargo shrink, later
    than the judging rows begin.
    """
    judged = trial.judged
    if judged is None:
        return None
    if trial.split is None:
        return Then(None, judged.spec, judged.model, judged.calibration)
    order = task.rows["order"].to_numpy()
    last = int(order[trial.split.dev].max()) + task.goal.horizon_days * _DAY_US
    return Then(max(last, int(order[trial.split.test].min())), judged.spec, judged.model, judged.calibration)


def earlier(task: Task, trial: Trial, at: int) -> Then | None:
    """The trial's recipe, fitted on what was known ``at`` an instant; None where too little was.

    Its log-odds are not calibrated: what would calibrate them was not known yet.
    """
    if trial.choice is None or trial.judged is None:
        return None
    order = task.rows["order"].to_numpy()
    known = task.rows.filter(pl.Series(order + task.goal.horizon_days * _DAY_US <= at))
    if distinct_conversions(known) < MIN_TRAIN[-1] or known["label"].n_unique() < 2:
        return None
    rows = numbered(capped(known, task.seed, EARLIER_ROWS))
    spec, vectors = task.fitted(rows)
    if not spec.columns:
        return None
    matrix = vectors.matrix
    if trial.judged.spec.framed:
        spec = rung.with_frame(spec)
        matrix = build(task.timeline, rows, spec).matrix
    recipe = trial.choice.recipe
    # Whose segments get models of their own was found out later.
    recipe = recipe.parent if isinstance(recipe, SegmentedRecipe) else recipe
    return Then(at, spec, recipe.fit(replace(task, rows=rows).training(matrix, spec)), IDENTITY)
