"""The search for the logistic regression's penalty, over all windows at once."""

from __future__ import annotations

from collections.abc import Sequence

from scoring.metrics import Floats
from scoring.models import logistic
from scoring.models.judging import Fold, least


def search(folds: Sequence[Fold]) -> tuple[float, list[Floats]]:
    """The penalty of least deviance over the windows, and what each fold's regression says of its window."""
    said = list(zip(*map(_path, folds), strict=True))
    best = least(folds, said)
    return logistic.PENALTIES[best], list(said[best])


def _path(fold: Fold) -> list[Floats]:
    fits = logistic.path(fold.train, logistic.PENALTIES)
    window = fits[0].scaling.design(fold.window.matrix)
    return [fit.of_design(window) for fit in fits]
