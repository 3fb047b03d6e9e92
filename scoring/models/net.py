"""A small feed-forward net: one hidden layer of rectified units on the scaled columns, stored as plain arrays.

Trained with scikit-learn (Adam, a fixed number of passes), read with numpy alone. Sums run in a fixed
order, so that a row's log-odds and contributions do not depend on its neighbours. How it is explained:
``net_shares``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.neural_network import MLPClassifier

from scoring.models import net_shares, scaling
from scoring.models.contract import CHUNK_ROWS, Floats, Training
from scoring.models.net_shares import Layer
from scoring.models.scaling import Scaling

UNITS = 16
LEARNING_RATE = 0.01
STEPS_A_PASS, LEAST_BATCH = 60, 16
BACKGROUND = 8
"""Mean leads, from the least to the most likely eighth of the training rows: no person's own values are stored."""


@dataclass(frozen=True, slots=True)
class Net:
    """The scaling, the layer, each column's group for explanations, and what leads are compared with.

    ``background``: scaled inputs, rows × inputs.
    """

    scaling: Scaling
    layer: Layer
    groups: npt.NDArray[np.int64]
    background: Floats
    kind: str = "net"

    def log_odds(self, matrix: Floats) -> Floats:
        """The output unit before its sigmoid, n."""
        parts = [
            self.layer.output(self.scaling.design(matrix[start : start + CHUNK_ROWS]))
            for start in range(0, matrix.shape[0], CHUNK_ROWS)
        ]
        return np.concatenate(parts) if parts else np.empty(0)

    def contributions(self, matrix: Floats) -> Floats:
        """Array n × (k + 1): exact Shapley values of the groups, shared among their columns; the base last."""
        inputs = self.scaling.design(matrix)
        flagged = self.scaling.flagged()
        owners = np.concatenate([np.arange(len(self.groups)), flagged])
        return net_shares.contributions(self.layer, inputs, self.background, owners, self.groups)

    def to_json(self) -> dict[str, Any]:
        """Plain lists."""
        return {
            "kind": self.kind,
            "scaling": self.scaling.to_json(),
            "layer": self.layer.to_json(),
            "groups": self.groups.tolist(),
            "background": self.background.tolist(),
        }


@dataclass(frozen=True, slots=True)
class Recipe:
    """``alpha``: sklearn's L2 penalty; ``passes`` over the rows."""

    alpha: float
    passes: int
    kind: str = "net"

    def fit(self, training: Training) -> Net:
        """Fit on ``training``, then group the columns and find the background."""
        scaled = scaling.learn(training.matrix)
        inputs = scaled.design(training.matrix)
        *_, layer = passes(training, inputs, self.alpha, self.passes)
        background = _background(layer, inputs, training.weight)
        owners = np.concatenate([np.arange(training.matrix.shape[1]), scaled.flagged()])
        parts = net_shares.rescaled(layer, inputs, background.mean(axis=0), owners)
        return Net(scaled, layer, net_shares.grouped(training.concepts or training.columns, parts), background)


def passes(training: Training, inputs: Floats, alpha: float, count: int) -> Iterator[Layer]:
    """The layer after each pass over the rows."""
    rows = len(training.label)
    solver = MLPClassifier(
        (UNITS,),
        alpha=alpha,
        learning_rate_init=LEARNING_RATE,
        batch_size=min(max(rows // STEPS_A_PASS, LEAST_BATCH), rows),
        random_state=training.seed,
    )
    weight = training.weight / training.weight.mean()
    for _ in range(count):
        solver.partial_fit(inputs, training.label, classes=[0.0, 1.0], sample_weight=weight)
        first, last = (np.array(coef, dtype=np.float64) for coef in solver.coefs_)
        bias, base = (np.array(intercept, dtype=np.float64) for intercept in solver.intercepts_)
        yield Layer(first, bias, last[:, 0], float(base[0]))


def _background(layer: Layer, inputs: Floats, weight: Floats) -> Floats:
    order = np.argsort(layer.output(inputs), kind="stable")
    slices = np.array_split(order, min(BACKGROUND, len(order)))
    return np.array([np.average(inputs[piece], axis=0, weights=weight[piece]) for piece in slices])


def from_json(data: Mapping[str, Any]) -> Net:
    """The model that ``to_json`` wrote."""
    return Net(
        scaling.from_json(data["scaling"]),
        net_shares.from_json(data["layer"]),
        np.asarray(data["groups"], dtype=np.int64),
        np.asarray(data["background"], dtype=np.float64),
    )
