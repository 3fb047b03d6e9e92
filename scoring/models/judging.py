"""How candidates are compared: on rolling windows, each by itself, because rates and levels move between them.

*Deviance*: mean log-loss of a window after the best intercept and, where there are conversions enough,
the best non-negative slope for it (what calibration will do anyway), averaged over the windows. It uses
more of the data than a ranking and chooses among settings of one kind of model. *Gain*: the difference
of two candidates' AUC, averaged over the windows, with a paired bootstrap of leads; it decides whether
the more complex one is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from scoring.calibration import level
from scoring.metrics import Floats, Indices, Ranking
from scoring.models.contract import Training

RESAMPLES = 100
STEPS = 25
RIDGE = 1e-6


@dataclass(frozen=True, slots=True)
class Fold:
    """A rolling origin: rows to learn from, the window to judge on, and who is resampled there.

    ``sloped``: there is enough for the calibration to stretch log-odds; else it moves them only.
    """

    train: Training
    window: Training
    group: Indices
    sloped: bool = True


def deviance(folds: Sequence[Fold], log_odds: Sequence[Floats]) -> float:
    """Mean recalibrated log-loss of the windows, weighted by their conversions."""
    losses = [_deviance(fold, raw) for fold, raw in zip(folds, log_odds, strict=True)]
    return float(np.average(losses, weights=_conversions(folds)))


def area(folds: Sequence[Fold], log_odds: Sequence[Floats]) -> float:
    """Mean AUC of the windows, weighted by their conversions."""
    parts = [_area(fold.window, raw, fold.window.weight) for fold, raw in zip(folds, log_odds, strict=True)]
    return float(np.average(parts, weights=_conversions(folds)))


def least(folds: Sequence[Fold], tried: Sequence[Sequence[Floats]]) -> int:
    """The place of the least deviance, the first of equals; ``tried``: log-odds by fold of each."""
    losses = [deviance(folds, log_odds) for log_odds in tried]
    return losses.index(min(losses))


def chance_of_gain(folds: Sequence[Fold], new: Sequence[Floats], old: Sequence[Floats]) -> float:
    """The share of resamples in which ``new`` has the higher mean AUC."""
    gains = np.zeros(RESAMPLES)
    for fold, one, other, share in zip(folds, new, old, _conversions(folds), strict=True):
        first, second = Ranking.of(fold.window.label, one), Ranking.of(fold.window.label, other)
        for place, weight in enumerate(_resampled(fold)):
            gain = first.auc(weight) - second.auc(weight)
            gains[place] += 0.0 if np.isnan(gain) else share * gain
    return float(np.mean(gains > 0))


def recalibrated(raw: Floats, label: Floats, weight: Floats) -> tuple[float, float]:
    """Intercept and non-negative slope of least log-loss, by damped Newton steps."""
    share = weight / weight.sum()
    start = float(np.log((share @ label + 1e-9) / (1 - share @ label + 1e-9)))
    centre, spread = float(share @ raw), float(np.sqrt(share @ (raw - share @ raw) ** 2))
    if spread < 1e-9:
        return start, 0.0
    design = np.column_stack([np.ones(len(raw)), (raw - centre) / spread])
    at = np.array([start, 0.0])
    for _ in range(STEPS):
        chance = expit(design @ at)
        slope = design.T @ (share * (label - chance))
        bend = (design * (share * chance * (1 - chance))[:, None]).T @ design + RIDGE * np.eye(2)
        step = np.linalg.solve(bend, slope)
        at = at + step * min(1.0, 2.0 / float(np.abs(step).max() + 1e-12))
        if np.abs(step).max() < 1e-6:
            break
    if at[1] <= 0:
        return start, 0.0
    return float(at[0] - at[1] * centre / spread), float(at[1] / spread)


def log_loss(line: Floats, label: Floats, weight: Floats) -> float:
    """Weighted mean log-loss of log-odds."""
    return float(np.average(np.logaddexp(0.0, line) - label * line, weights=weight))


def losses(fold: Fold, raw: Floats) -> Floats:
    """Each of the window's rows' weighted log-loss after that recalibration."""
    line, label = _recalibrated(fold, raw), fold.window.label
    found: Floats = fold.window.weight * (np.logaddexp(0.0, line) - label * line)
    return found


def _deviance(fold: Fold, raw: Floats) -> float:
    return log_loss(_recalibrated(fold, raw), fold.window.label, fold.window.weight)


def _recalibrated(fold: Fold, raw: Floats) -> Floats:
    window = fold.window
    if fold.sloped:
        intercept, slope = recalibrated(raw, window.label, window.weight)
    else:
        intercept, slope = level(raw, window.label, window.weight), 1.0
    line: Floats = intercept + slope * raw
    return line


def _area(window: Training, raw: Floats, weight: Floats) -> float:
    return Ranking.of(window.label, raw).auc(weight)


def _conversions(folds: Sequence[Fold]) -> Floats:
    return np.array([float(fold.window.label @ fold.window.weight) for fold in folds])


def _resampled(fold: Fold) -> list[Floats]:
    rng = np.random.default_rng(fold.window.seed)
    groups = int(fold.group.max()) + 1
    even = np.full(groups, 1 / groups)
    return [fold.window.weight * rng.multinomial(groups, even)[fold.group] for _ in range(RESAMPLES)]
