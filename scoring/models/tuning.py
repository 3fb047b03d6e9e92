"""A longer search for boosted trees' parameters by Optuna (extra ``tuning``): TPE, bad trials pruned window by window.

The budget is a number of trials, so that the same data and seed give the same model on any machine. The time
is only a guard against a search that never ends; where it strikes, ``Found.trials`` tells that it did.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np

from scoring.metrics import Floats
from scoring.models import cat, gbm, gbm_search, xgb
from scoring.models.contract import Recipe
from scoring.models.extras import library
from scoring.models.judging import Fold, deviance

TRIALS, STARTING = 30, 8
"""How many, and how many of them are drawn at random and never pruned."""
GUARD_SECONDS = 900.0
MAX_ROUNDS, PATIENCE = 500, 40

Range = tuple[float, float, bool]
"""Least, most, and whether it is searched in logarithms; whole numbers where both ends are ``int``."""


class Run(Protocol):
    """One parameter set on one fold, stopped early by its window."""

    rounds: int

    def log_odds(self, rounds: int) -> Floats:
        """What the first ``rounds`` trees say of the window."""
        ...


@dataclass(frozen=True, slots=True)
class Method:
    """What is searched: the ranges of its parameters, how to run one set, and its recipe."""

    extra: str | None
    ranges: Mapping[str, Range]
    run: Callable[[Fold, Mapping[str, float]], Run]
    recipe: Callable[[Mapping[str, float], int], Recipe]


@dataclass(frozen=True, slots=True)
class Found:
    """The best recipe, what each fold's model says of its window, and how many trials were made."""

    recipe: Recipe
    log_odds: list[Floats]
    trials: int


def search(folds: Sequence[Fold], method: Method, first: Mapping[str, float] | None = None) -> Found:
    """The best of TRIALS parameter sets by the windows' recalibrated log-loss; ``first`` is tried first.

    Raises:
        BundleError: Optuna or the method's library is not installed.

    """
    optuna = library("tuning")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    finished: dict[int, Found] = {}

    def objective(trial: Any) -> float:
        params = {name: _drawn(trial, name, span) for name, span in method.ranges.items()}
        runs: list[Run] = []
        for step, fold in enumerate(reversed(folds)):
            runs.insert(0, method.run(fold, params))
            trial.report(deviance([fold], [runs[0].log_odds(runs[0].rounds)]), step)
            if trial.should_prune():
                raise optuna.TrialPruned
        rounds = int(np.median([run.rounds for run in runs]))
        log_odds = [run.log_odds(rounds) for run in runs]
        finished[trial.number] = Found(method.recipe(params, rounds), log_odds, 0)
        return deviance(folds, log_odds)

    sampler = optuna.samplers.TPESampler(seed=folds[-1].train.seed, n_startup_trials=STARTING)
    study = optuna.create_study(sampler=sampler, pruner=optuna.pruners.MedianPruner(n_startup_trials=STARTING))
    if first is not None:
        study.enqueue_trial(dict(first))
    study.optimize(objective, n_trials=TRIALS, timeout=GUARD_SECONDS)
    best = finished[study.best_trial.number]
    return Found(best.recipe, best.log_odds, len(study.trials))


def _drawn(trial: Any, name: str, span: Range) -> float:
    low, high, log = span
    if isinstance(low, int) and isinstance(high, int):
        return float(trial.suggest_int(name, low, high, log=log))
    return float(trial.suggest_float(name, low, high, log=log))


class _XgbRun:
    def __init__(self, fold: Fold, params: Mapping[str, float]) -> None:
        xgboost = library(xgb.KIND)
        self._fold, self._library = fold, xgboost
        data, judge = (
            xgboost.DMatrix(part.matrix, part.label, weight=part.weight, nthread=1)
            for part in (fold.train, fold.window)
        )
        settings = {**xgb.typed(params, fold.train.seed), "eval_metric": "auc"}
        stop = {"early_stopping_rounds": PATIENCE, "verbose_eval": False}
        self._booster = xgboost.train(settings, data, MAX_ROUNDS, evals=[(judge, "window")], **stop)
        self.rounds = int(self._booster.best_iteration) + 1

    def log_odds(self, rounds: int) -> Floats:
        data = self._library.DMatrix(self._fold.window.matrix, nthread=1)
        rounds = min(rounds, self._booster.num_boosted_rounds())
        raw = self._booster.predict(data, output_margin=True, iteration_range=(0, rounds))
        return np.asarray(raw, dtype=np.float64)


class _CatRun:
    def __init__(self, fold: Fold, params: Mapping[str, float]) -> None:
        catboost = library(cat.KIND)
        data, judge = (
            catboost.Pool(part.matrix, part.label, weight=part.weight, thread_count=1)
            for part in (fold.train, fold.window)
        )
        settings = {**cat.typed(params, fold.train.seed), "iterations": MAX_ROUNDS, "eval_metric": "AUC"}
        self._model = catboost.CatBoost(settings)
        self._model.fit(data, eval_set=judge, use_best_model=False, early_stopping_rounds=PATIENCE)
        self._judge = judge
        self.rounds = int(self._model.get_best_iteration()) + 1

    def log_odds(self, rounds: int) -> Floats:
        rounds = min(rounds, self._model.tree_count_)
        raw = self._model.predict(self._judge, ntree_end=rounds, thread_count=1)
        return np.asarray(raw, dtype=np.float64)


METHODS: Final[Mapping[str, Method]] = {
    "tuned lightgbm": Method(
        None,
        {
            "num_leaves": (3, 63, True),
            "learning_rate": (0.01, 0.2, True),
            "min_data_in_leaf": (5, 200, True),
            "feature_fraction": (0.3, 1.0, False),
            "bagging_fraction": (0.5, 1.0, False),
            "lambda_l2": (1e-3, 100.0, True),
        },
        gbm_search.run,
        gbm.Recipe,
    ),
    "xgboost": Method(
        xgb.KIND,
        {
            "max_depth": (1, 8, False),
            "learning_rate": (0.01, 0.2, True),
            "min_child_weight": (0.5, 50.0, True),
            "colsample_bytree": (0.3, 1.0, False),
            "subsample": (0.5, 1.0, False),
            "lambda": (1e-3, 100.0, True),
        },
        _XgbRun,
        xgb.Recipe,
    ),
    "catboost": Method(
        cat.KIND,
        {
            "depth": (2, 8, False),
            "learning_rate": (0.02, 0.3, True),
            "l2_leaf_reg": (0.5, 50.0, True),
            "random_strength": (0.1, 10.0, True),
            "rsm": (0.3, 1.0, False),
        },
        _CatRun,
        cat.Recipe,
    ),
}
