"""The search for LightGBM's parameters: seeded draws, halved on the newest window, finished on all windows.

The budget is a number of trials by rows, never a time, so that the same data and seed give the same
model on any machine. With so few trials a sampler that learns from former ones (TPE) has nothing to
learn from; successive halving (Jamieson & Talwalkar 2016) saves the time that bad draws would take.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
from scipy.special import expit, logit

from scoring.metrics import Floats
from scoring.models.contract import Training
from scoring.models.gbm import FIRST, Recipe, dataset, typed
from scoring.models.judging import Fold, deviance, log_loss

TRIALS, FINALISTS = 12, 4
SMALL_ROWS = 3_000
"""Below this all trials run on all windows."""
MAX_ROUNDS, PATIENCE = 500, 40
SHIFT_STEPS = 4

CHOICES: Mapping[str, tuple[float, ...]] = {
    "num_leaves": (3, 4, 8, 15, 31),
    "learning_rate": (0.03, 0.05, 0.08),
    "min_data_in_leaf": (10, 20, 50, 100),
    "feature_fraction": (0.4, 0.6, 0.8, 1.0),
    "bagging_fraction": (0.6, 0.8, 1.0),
    "lambda_l2": (1.0, 5.0, 20.0, 50.0),
}


@dataclass(frozen=True, slots=True)
class Found:
    """The best parameters with their rounds, and what each fold's model says of its window."""

    recipe: Recipe
    log_odds: list[Floats]


class _Run:
    """One parameter set on one fold, stopped early by the window."""

    def __init__(self, fold: Fold, params: Mapping[str, float], data: lgb.Dataset, judge: lgb.Dataset) -> None:
        self._fold = fold
        settings = {**typed(params, fold.train.seed), "metric": "none"}
        stop = lgb.early_stopping(PATIENCE, verbose=False)
        self._booster = lgb.train(
            settings, data, MAX_ROUNDS, valid_sets=[judge], feval=_shifted_loss(fold.window), callbacks=[stop]
        )
        self.rounds = max(self._booster.best_iteration, 1)

    def log_odds(self, rounds: int) -> Floats:
        raw = self._booster.predict(self._fold.window.matrix, raw_score=True, num_iteration=rounds, num_threads=1)
        return np.asarray(raw, dtype=np.float64)


def search(folds: Sequence[Fold]) -> Found:
    """The best of TRIALS parameter sets by the windows' recalibrated log-loss."""
    rng = np.random.default_rng(folds[-1].train.seed)
    draws = [
        {name: float(values[rng.integers(len(values))]) for name, values in CHOICES.items()} for _ in range(TRIALS - 1)
    ]
    trials = [dict(FIRST), *draws]
    data = [_data(fold) for fold in folds]
    last = len(folds) - 1
    newest = [_Run(folds[last], params, *data[last]) for params in trials]
    first_look = [deviance([folds[last]], [run.log_odds(run.rounds)]) for run in newest]
    kept = TRIALS if len(folds[last].train.label) < SMALL_ROWS else FINALISTS
    places = sorted(range(TRIALS), key=lambda place: (first_look[place], place))[:kept]
    found = []
    for place in places:
        runs = [_Run(fold, trials[place], *parts) for fold, parts in zip(folds[:last], data, strict=False)]
        runs.append(newest[place])
        rounds = int(np.median([run.rounds for run in runs]))
        log_odds = [run.log_odds(rounds) for run in runs]
        found.append((deviance(folds, log_odds), place, Found(Recipe(trials[place], rounds), log_odds)))
    return min(found, key=lambda entry: entry[:2])[2]


def run(fold: Fold, params: Mapping[str, float]) -> _Run:
    """One parameter set on one fold, for other searches."""
    return _Run(fold, params, *_data(fold))


def _data(fold: Fold) -> tuple[lgb.Dataset, lgb.Dataset]:
    data = dataset(fold.train)
    return data, dataset(fold.window, reference=data)


def _shifted_loss(window: Training) -> Callable[[Floats, lgb.Dataset], tuple[str, float, bool]]:
    """Log-loss after the window's own intercept: a rate that moved must not stop the learning."""
    label, weight = window.label, window.weight

    def loss(chance: Floats, _data: lgb.Dataset) -> tuple[str, float, bool]:
        line = logit(np.clip(chance, 1e-12, 1 - 1e-12))
        for _ in range(SHIFT_STEPS):
            at = expit(line)
            line = line + float(weight @ (label - at)) / max(float(weight @ (at * (1 - at))), 1e-12)
            line = np.clip(line, -30.0, 30.0)
        return "shifted log-loss", log_loss(line, label, weight), False

    return loss
