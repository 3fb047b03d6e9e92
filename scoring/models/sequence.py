"""The rung above: the best model without the order of steps, and a recurrent network over them, added in log-odds.

Only the network reads the frame of steps, which are the last columns of the matrix; the rest of the model reads the
others. What the network says beyond its mean over the training rows is one contribution, of the newest step's column.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from scoring.metrics import Floats
from scoring.models import gru
from scoring.models.contract import Model
from scoring.models.gru import Gru

KIND = "sequence"


@dataclass(frozen=True, slots=True)
class WithSteps:
    """``rest`` over the first ``plain`` columns, ``network`` over the others, their weights, the network's mean."""

    rest: Model
    network: Gru
    plain: int
    weights: tuple[float, float]
    mean: float
    kind: str = KIND

    def log_odds(self, matrix: Floats) -> Floats:
        """Weighted sum, n."""
        rest, network = self.weights
        steps = self.network.log_odds(matrix[:, self.plain :])
        return np.asarray(rest * self.rest.log_odds(self._others(matrix)) + network * steps)

    def contributions(self, matrix: Floats) -> Floats:
        """Array n × (k + 1): the rest's, and what the network says beyond its mean."""
        rest, network = self.weights
        found = np.zeros((matrix.shape[0], matrix.shape[1] + 1))
        others = rest * self.rest.contributions(self._others(matrix))
        found[:, : self.plain], found[:, -1] = others[:, :-1], others[:, -1] + network * self.mean
        found[:, self.plain] = network * (self.network.log_odds(matrix[:, self.plain :]) - self.mean)
        return found

    def to_json(self) -> dict[str, Any]:
        """Both parts."""
        return {
            "kind": self.kind,
            "rest": self.rest.to_json(),
            "network": self.network.to_json(),
            "plain": self.plain,
            "weights": list(self.weights),
            "mean": self.mean,
        }

    def _others(self, matrix: Floats) -> Floats:
        return np.ascontiguousarray(matrix[:, : self.plain])


def from_json(data: Mapping[str, Any], read: Callable[[Mapping[str, Any]], Model]) -> WithSteps:
    """The model that ``to_json`` wrote; ``read`` reads the rest."""
    rest, network = map(float, data["weights"])
    return WithSteps(
        read(data["rest"]), gru.from_json(data["network"]), int(data["plain"]), (rest, network), float(data["mean"])
    )
