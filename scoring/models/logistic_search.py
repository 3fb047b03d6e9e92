"""The search for the logistic regression's penalty, over all windows at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scoring.metrics import Floats
from scoring.models import logistic
from scoring.models.judging import Fold, least
from scoring.models.logistic import Logistic


@dataclass(frozen=True, slots=True)
class Found:
    """The best penalty, each fold's regression with it, and what that says of the fold's window."""

    penalty: float
    models: list[Logistic]
    log_odds: list[Floats]


def search(folds: Sequence[Fold]) -> Found:
    """The penalty of least deviance over the windows."""
    fits = [logistic.path(fold.train, logistic.PENALTIES) for fold in folds]
    said = list(zip(*map(_said, fits, folds), strict=True))
    best = least(folds, said)
    return Found(logistic.PENALTIES[best], [models[best] for models in fits], list(said[best]))


def _said(models: Sequence[Logistic], fold: Fold) -> list[Floats]:
    window = models[0].scaling.design(fold.window.matrix)
    return [model.of_design(window) for model in models]
