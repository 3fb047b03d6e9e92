"""The search for the net's penalty and number of passes, over all windows at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scoring.metrics import Floats
from scoring.models import scaling
from scoring.models.judging import Fold, deviance
from scoring.models.net import Recipe, passes

PENALTIES = (1.0, 3.0)
PASSES = 15


@dataclass(frozen=True, slots=True)
class Found:
    """The best penalty and passes, and what each fold's net says of its window."""

    recipe: Recipe
    log_odds: list[Floats]


def search(folds: Sequence[Fold]) -> Found:
    """The best of all penalties and numbers of passes by the windows' recalibrated log-loss."""
    scaled = [scaling.learn(fold.train.matrix) for fold in folds]
    inputs = [one.design(fold.train.matrix) for one, fold in zip(scaled, folds, strict=True)]
    windows = [one.design(fold.window.matrix) for one, fold in zip(scaled, folds, strict=True)]
    found = []
    for penalty in PENALTIES:
        said = [
            [layer.estimate(window) for layer in passes(fold.train, rows, penalty, PASSES)]
            for fold, rows, window in zip(folds, inputs, windows, strict=True)
        ]
        for count, log_odds in enumerate(zip(*said, strict=True), start=1):
            found.append((deviance(folds, log_odds), Found(Recipe(penalty, count), list(log_odds))))
    losses = np.array([loss for loss, _ in found])
    return found[int(losses.argmin())][1]
