"""CatBoost, an optional member (extra ``catboost``): one thread, stored as its own JSON text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from scoring.models.contract import CHUNK_ROWS, Floats, Training
from scoring.models.extras import library

KIND = "catboost"
_FIXED: Mapping[str, Any] = {
    "loss_function": "Logloss",
    "thread_count": 1,
    "verbose": False,
    "allow_writing_files": False,
    "boost_from_average": True,
}
_WHOLE = ("depth",)


@dataclass(frozen=True, slots=True)
class Recipe:
    """Chosen parameters and the number of rounds."""

    params: Mapping[str, float]
    rounds: int
    kind: str = KIND

    def fit(self, training: Training) -> Cat:
        """Fit on ``training``."""
        catboost = library(KIND)
        model = catboost.CatBoost({**typed(self.params, training.seed), "iterations": self.rounds})
        model.fit(catboost.Pool(training.matrix, training.label, weight=training.weight, thread_count=1))
        return Cat(_text(model))


class Cat:
    """A model held as text."""

    kind = KIND

    def __init__(self, text: str) -> None:
        """Load the model that ``text`` describes."""
        self.text = text
        self._library = library(KIND)
        self._model = self._library.CatBoost()
        # JSON is read from a file alone.
        with TemporaryDirectory() as folder:
            path = Path(folder) / "model.json"
            path.write_text(text, encoding="utf-8")
            self._model.load_model(str(path), format="json")

    def log_odds(self, matrix: Floats) -> Floats:
        """Raw values of the formula, n."""
        found = np.empty(matrix.shape[0])
        for start in range(0, matrix.shape[0], CHUNK_ROWS):
            pool = self._library.Pool(matrix[start : start + CHUNK_ROWS], thread_count=1)
            found[start : start + CHUNK_ROWS] = self._model.predict(pool, thread_count=1)
        return found

    def contributions(self, matrix: Floats) -> Floats:
        """Its own SHAP values n × (k + 1), the expected value last."""
        if not matrix.shape[0]:
            return np.empty((0, matrix.shape[1] + 1))
        pool = self._library.Pool(matrix, thread_count=1)
        parts = self._model.get_feature_importance(pool, type="ShapValues", thread_count=1)
        return np.asarray(parts, dtype=np.float64)

    def to_json(self) -> dict[str, Any]:
        """The text."""
        return {"kind": self.kind, "text": self.text}


def typed(params: Mapping[str, float], seed: int) -> dict[str, Any]:
    """CatBoost's settings: ``params`` over what is fixed."""
    own = {name: int(value) if name in _WHOLE else value for name, value in params.items()}
    return {**_FIXED, **own, "random_seed": seed}


def _text(model: Any) -> str:
    """The trees and their sources; the rest of its JSON holds the time of training and a random name."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        model.save_model(str(path), format="json")
        whole = json.loads(path.read_text(encoding="utf-8"))
    return json.dumps({**whole, "model_info": {}}, sort_keys=True, separators=(",", ":"))


def from_json(data: Mapping[str, Any]) -> Cat:
    """The model that ``to_json`` wrote.

    Raises:
        BundleError: CatBoost is not installed.

    """
    return Cat(str(data["text"]))
