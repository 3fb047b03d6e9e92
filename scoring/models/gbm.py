"""LightGBM: one thread, deterministic, stored as its own text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np

from scoring.models.contract import CHUNK_ROWS, Floats, Training

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
FIRST: Mapping[str, float] = {
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
    kind: str = "lightgbm"

    def fit(self, training: Training) -> Gbm:
        """Fit on ``training``."""
        return fit(training, self)


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


def fit(training: Training, recipe: Recipe) -> Gbm:
    """Fit ``recipe`` on the rows."""
    booster = lgb.train(typed(recipe.params, training.seed), dataset(training), num_boost_round=recipe.rounds)
    return Gbm(booster.model_to_string(num_iteration=-1))


def small_fit(training: Training, rounds: int = 60) -> Gbm:
    """A quick model with the first parameter set: the leakage guard's probe."""
    params = {**FIRST, "learning_rate": 0.12, "feature_fraction": 0.8}
    return fit(training, Recipe(params, rounds))


def typed(params: Mapping[str, float], seed: int) -> dict[str, Any]:
    """LightGBM's settings: ``params`` over what is fixed."""
    whole = {"num_leaves", "min_data_in_leaf"}
    return {**_FIXED, **{name: int(value) if name in whole else value for name, value in params.items()}, "seed": seed}


def dataset(training: Training, reference: lgb.Dataset | None = None) -> lgb.Dataset:
    """LightGBM's binned form of the rows."""
    # Bins must not depend on the trial: min_data_in_leaf otherwise filters features when the data is built.
    return lgb.Dataset(
        training.matrix,
        label=training.label,
        weight=training.weight,
        reference=reference,
        free_raw_data=False,
        params={"max_bin": _FIXED["max_bin"], "feature_pre_filter": False, "num_threads": 1, "verbosity": -1},
    )


def from_json(data: Mapping[str, Any]) -> Gbm:
    """The model that ``to_json`` wrote."""
    return Gbm(str(data["text"]))
