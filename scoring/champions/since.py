"""What became known since the champion was trained, and what a model that has learned of it says.

The trial models of champion and challenger both end before the newest window, so that neither has learned of a change
that lies within it: nothing then speaks for the newer one. Here the champion is asked as it serves about the leads of
which no horizon had ended at its training, so that it has learned from none of them; the challenger's recipe is fitted
FOLDS times on all rows but those of a part of the companies, and asked about that part.

The challenger knows the time of what it is asked about (from other companies), the champion does not. That is what
shall be found, but it makes an equal recipe look a little better, so this comparison can let a model score and never
refuses one. (Where the champion learned from rows that had not been followed for the whole horizon, it knows a little
of these, which speaks for it.)
"""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl

from scoring.champions.comparison import Comparison, compared
from scoring.champions.sides import Champion, Ground
from scoring.evaluation import resampled_together
from scoring.features import build
from scoring.metrics import Floats
from scoring.models.contract import Recipe
from scoring.past import Past
from scoring.population import numbered
from scoring.schema import Timing
from scoring.splits import Mask, distinct_conversions

FOLDS = 3
LEAST_CONVERSIONS = 20
"""Distinct converting leads; of fewer no difference would be sure."""


def since(champion: Champion, ground: Ground) -> Comparison | None:
    """Compare on the leads that have matured since; None where they are few, or the outcome has no date."""
    task, choice, past = ground.task, ground.trial.choice, ground.fitted.past
    if choice is None or past is None or task.goal.timing is not Timing.DATED:
        return None
    known = champion.as_of - timedelta(days=task.goal.horizon_days)
    # A lead that the champion has met before has taught it its outcome.
    newer = task.rows.select(pl.col("as_of").min().over("lead_id") >= known).to_series().to_numpy()
    if distinct_conversions(task.rows, newer) < LEAST_CONVERSIONS:
        return None
    rows = numbered(task.rows.filter(pl.Series(newer)))
    serving = champion.serving
    said = serving.log_odds(build(task.timeline, rows, serving.spec).matrix)
    return compared(rows, said, _crossed(ground, choice.recipe, past, newer), task.seed)


def _crossed(ground: Ground, recipe: Recipe, past: Past, newer: Mask) -> Floats:
    """What the challenger's recipe says of each of the newer rows where it has learned from other companies alone."""
    fitted = ground.fitted
    whole = ground.task.training(fitted.vectors.matrix, fitted.spec)
    group = resampled_together(ground.task.rows)
    part = np.random.default_rng(ground.task.seed).integers(FOLDS, size=group.max() + 1)[group]
    raw = np.empty(whole.label.size)
    for fold in range(FOLDS):
        asked = newer & (part == fold)
        raw[asked] = recipe.fit(past.learned(whole.where(~asked & past.kept))).log_odds(whole.matrix[asked])
    return fitted.calibration.apply(raw[newer])
