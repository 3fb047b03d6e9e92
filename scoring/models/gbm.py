"""LightGBM with a small seeded search by trial count; one thread, deterministic, stored as its own text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np

from scoring.models.contract import CHUNK_ROWS, Floats, Training

TRIALS = 8
MAX_ROUNDS = 400
PATIENCE = 30
SEARCH_ROWS = 20_000

_FIXED: dict[str, Any] = {
    "objective": "binary",
    "metric": "binary_logloss",
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
    "bagging_freq": 1,
    "max_bin": 127,
}
_CHOICES: dict[str, tuple[float, ...]] = {
    "num_leaves": (4, 8, 15, 31),
    "learning_rate": (0.04, 0.07, 0.1),
    "min_data_in_leaf": (10, 20, 50, 100),
    "feature_fraction": (0.4, 0.6, 0.8),
    "bagging_fraction": (0.7, 0.85, 1.0),
    "lambda_l2": (1.0, 5.0, 20.0),
}
_FIRST: dict[str, float] = {
    "num_leaves": 8,
    "learning_rate": 0.07,
    "min_data_in_leaf": 20,
    "feature_fraction": 0.6,
    "bagging_fraction": 0.85,
    "lambda_l2": 5.0,
}


@dataclass(frozen=True, slots=True)
class Recipe:
    """Chosen parameters and the number of rounds."""

    params: Mapping[str, float]
    rounds: int


class Gbm:
    """A LightGBM booster held as text."""

    kind = "lightgbm"

    def __init__(self, text: str) -> None:
        """Load the booster that ``text`` describes."""
        self.text = text
        self._booster = lgb.Booster(model_str=text)

    def log_odds(self, matrix: Floats) -> Floats:
        """Raw scores, n."""
        return self._predicted(matrix, 1, raw_score=True).reshape(-1)

    def contributions(self, matrix: Floats) -> Floats:
        """TreeSHAP values n × (k + 1), the expected value last."""
        return self._predicted(matrix, matrix.shape[1] + 1, pred_contrib=True)

    def _predicted(self, matrix: Floats, width: int, **options: bool) -> Floats:
        if not matrix.shape[0]:
            return np.empty((0, width))
        parts = [
            np.asarray(
                self._booster.predict(matrix[start : start + CHUNK_ROWS], num_threads=1, **options), dtype=np.float64
            ).reshape(-1, width)
            for start in range(0, matrix.shape[0], CHUNK_ROWS)
        ]
        return np.concatenate(parts)

    def gains(self) -> Floats:
        """Total gain of each column, k."""
        return np.asarray(self._booster.feature_importance("gain"), dtype=np.float64)

    def to_json(self) -> dict[str, Any]:
        """The text."""
        return {"kind": self.kind, "text": self.text}


def search(train: Training, valid: Training) -> Recipe:
    """The best of TRIALS parameter sets by validation log-loss with early stopping."""
    rng = np.random.default_rng(train.seed)
    sample = _sampled(train, rng)
    data = _dataset(sample)
    judge = _dataset(valid, reference=data)
    trials = [_FIRST] + [
        {name: float(values[rng.integers(len(values))]) for name, values in _CHOICES.items()} for _ in range(TRIALS - 1)
    ]
    results = [_trial(data, judge, params, train.seed) for params in trials]
    best = min(range(len(results)), key=lambda index: (results[index][0], index))
    return Recipe(trials[best], results[best][1])


def fit(training: Training, recipe: Recipe) -> Gbm:
    """Fit ``recipe`` on the rows."""
    booster = lgb.train(_params(recipe.params, training.seed), _dataset(training), num_boost_round=recipe.rounds)
    return Gbm(booster.model_to_string(num_iteration=-1))


def small_fit(training: Training, rounds: int = 60) -> Gbm:
    """A quick model with the first parameter set: the leakage guard's probe."""
    params = {**_FIRST, "learning_rate": 0.12, "feature_fraction": 0.8}
    return fit(training, Recipe(params, rounds))


def _trial(data: lgb.Dataset, judge: lgb.Dataset, params: Mapping[str, float], seed: int) -> tuple[float, int]:
    booster = lgb.train(
        _params(params, seed),
        data,
        num_boost_round=MAX_ROUNDS,
        valid_sets=[judge],
        valid_names=["valid"],
        callbacks=[lgb.early_stopping(PATIENCE, verbose=False)],
    )
    return float(booster.best_score["valid"]["binary_logloss"]), max(booster.best_iteration, 1)


def _params(params: Mapping[str, float], seed: int) -> dict[str, Any]:
    whole = {"num_leaves", "min_data_in_leaf"}
    typed = {name: int(value) if name in whole else value for name, value in params.items()}
    return {**_FIXED, **typed, "seed": seed}


def _dataset(training: Training, reference: lgb.Dataset | None = None) -> lgb.Dataset:
    # Bins must not depend on the trial: min_data_in_leaf otherwise filters features when the data is built.
    return lgb.Dataset(
        training.matrix,
        label=training.label,
        weight=training.weight,
        reference=reference,
        free_raw_data=False,
        params={"max_bin": _FIXED["max_bin"], "feature_pre_filter": False, "num_threads": 1, "verbosity": -1},
    )


def _sampled(training: Training, rng: np.random.Generator) -> Training:
    count = len(training.label)
    if count <= SEARCH_ROWS:
        return training
    mask = np.zeros(count, dtype=bool)
    mask[rng.choice(count, SEARCH_ROWS, replace=False)] = True
    return training.where(mask)


def from_json(data: Mapping[str, Any]) -> Gbm:
    """The model that ``to_json`` wrote."""
    return Gbm(str(data["text"]))
