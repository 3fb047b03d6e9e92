"""What a recipe says of rows where it has learned from everybody but their own companies, of whatever time.

Unlike what a trial says, it knows of their time as what serves does: a change that lies within the rows is known to it
from the other companies.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from scoring.evaluation import resampled_together
from scoring.metrics import Floats
from scoring.models import Training
from scoring.models.contract import Recipe
from scoring.past import Past
from scoring.splits import Mask

FOLDS = 3


def crossed(rows: pl.DataFrame, whole: Training, recipe: Recipe, past: Past, asked: Mask) -> Floats:
    """Return raw log-odds of the ``asked`` rows; ``rows`` and ``whole`` are the same rows."""
    recipe = past.memory.freed(recipe)
    group = resampled_together(rows)
    part = np.random.default_rng(whole.seed).integers(FOLDS, size=group.max() + 1)[group]
    raw = np.empty(whole.label.size)
    for fold in range(FOLDS):
        own = asked & (part == fold)
        raw[own] = recipe.fit(past.learned(whole.where(~own & past.kept))).log_odds(whole.matrix[own])
    return raw[asked]
