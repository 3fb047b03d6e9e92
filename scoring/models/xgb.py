"""XGBoost, an optional member (extra ``xgboost``): one thread, stored as its own JSON text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from scoring.models.contract import CHUNK_ROWS, Floats, Training
from scoring.models.extras import library

KIND = "xgboost"
_FIXED: Mapping[str, Any] = {
    "objective": "binary:logistic",
    "nthread": 1,
    "verbosity": 0,
    "tree_method": "hist",
    "disable_default_eval_metric": 1,
}
_WHOLE = ("max_depth",)


@dataclass(frozen=True, slots=True)
class Recipe:
    """Chosen parameters and the number of rounds."""

    params: Mapping[str, float]
    rounds: int
    kind: str = KIND

    def fit(self, training: Training) -> Xgb:
        """Fit on ``training``."""
        xgboost = library(KIND)
        data = xgboost.DMatrix(training.matrix, training.label, weight=training.weight, nthread=1)
        booster = xgboost.train(typed(self.params, training.seed), data, self.rounds)
        return Xgb(bytes(booster.save_raw("json")).decode())


class Xgb:
    """A booster held as text."""

    kind = KIND

    def __init__(self, text: str) -> None:
        """Load the booster that ``text`` describes."""
        self.text = text
        self._library = library(KIND)
        self._booster = self._library.Booster({"nthread": 1})
        self._booster.load_model(bytearray(text.encode()))

    def log_odds(self, matrix: Floats) -> Floats:
        """Margins, n."""
        return self._predicted(matrix, 1, output_margin=True).reshape(-1)

    def contributions(self, matrix: Floats) -> Floats:
        """TreeSHAP values n × (k + 1). They come in single precision; the base takes up what rounding leaves."""
        parts = self._predicted(matrix, matrix.shape[1] + 1, pred_contribs=True)
        parts[:, -1] = self.log_odds(matrix) - parts[:, :-1].sum(axis=1)
        return parts

    def _predicted(self, matrix: Floats, width: int, **options: bool) -> Floats:
        found = np.empty((matrix.shape[0], width))
        for start in range(0, matrix.shape[0], CHUNK_ROWS):
            data = self._library.DMatrix(matrix[start : start + CHUNK_ROWS], nthread=1)
            found[start : start + CHUNK_ROWS] = self._booster.predict(data, **options).reshape(-1, width)
        return found

    def to_json(self) -> dict[str, Any]:
        """The text."""
        return {"kind": self.kind, "text": self.text}


def typed(params: Mapping[str, float], seed: int) -> dict[str, Any]:
    """XGBoost's settings: ``params`` over what is fixed."""
    own = {name: int(value) if name in _WHOLE else value for name, value in params.items()}
    return {**_FIXED, **own, "seed": seed}


def from_json(data: Mapping[str, Any]) -> Xgb:
    """The model that ``to_json`` wrote.

    Raises:
        BundleError: XGBoost is not installed.

    """
    return Xgb(str(data["text"]))
