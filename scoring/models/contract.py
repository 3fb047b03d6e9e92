"""What every model is: raw log-odds, exact contributions to them, and plain data to store."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

CHUNK_ROWS = 50_000
"""Rows worked on at once, so that memory stays flat for a million leads."""


@dataclass(frozen=True, slots=True)
class Training:
    """Rows to learn from: matrix n × k (NaN: unknown), 0/1 labels, positive weights, seed.

    ``concepts``: what each column is explained under; where it is empty, each column stands for itself.
    """

    matrix: Floats
    label: Floats
    weight: Floats
    columns: tuple[str, ...]
    seed: int
    concepts: tuple[str, ...] = ()

    def where(self, mask: npt.NDArray[np.bool_]) -> Training:
        """The rows of ``mask``."""
        return replace(self, matrix=self.matrix[mask], label=self.label[mask], weight=self.weight[mask])


class Model(Protocol):
    """A fitted model over the columns that it was trained on."""

    @property
    def kind(self) -> str:
        """Its name in bundles and reports."""
        ...

    def log_odds(self, matrix: Floats) -> Floats:
        """Raw (uncalibrated) log-odds, n."""
        ...

    def contributions(self, matrix: Floats) -> Floats:
        """Array n × (k + 1): what each column adds; the last column is the base. Rows sum to ``log_odds``."""
        ...

    def to_json(self) -> dict[str, Any]:
        """Plain values that ``models.from_json`` reads."""
        ...


class Recipe(Protocol):
    """How to fit a model again on other rows."""

    @property
    def kind(self) -> str:
        """The kind of model that it yields."""
        ...

    def fit(self, training: Training) -> Model:
        """Fit on ``training``."""
        ...


def rate(training: Training) -> float:
    """The weighted share of conversions, smoothed towards 5 % by 20 rows so that it is never 0 or 1."""
    positives = float(training.weight @ training.label)
    return (positives + 1.0) / (float(training.weight.sum()) + 20.0)
