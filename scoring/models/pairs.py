"""Penalised logistic regression with products of pairs of columns, for what counts only together.

Which pairs enter is found by a score test: for the fitted logistic regression with residuals r and
variances v, t = Σ r·zᵢ·zⱼ / √Σ v·zᵢ²·zⱼ² is about standard normal for a pair (or a square) that adds
nothing, and all pairs are tested by two products of matrices (score tests: Rao 1948; screening before
fitting: Fan & Lv 2008, for interactions Hao & Zhang 2014). No main effect is asked of a pair: two
columns may say nothing alone. A product's exact Shapley value against the mean lead (z = 0) is one half
for each of its two columns, so that explanations stay exact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from scoring.models import logistic
from scoring.models.contract import CHUNK_ROWS, Floats, Training
from scoring.models.logistic import Logistic

MOST = 40
CUT = 12.0
"""Products of standardised values are cut here: one odd lead must not own a score."""
LEAST_SUPPORT = 5.0
"""Σ v·zᵢ²·zⱼ² below this: too few leads to test the pair on."""
LEAST_SCORE, SHARE_OF_LARGEST = 2.5, 0.8
"""A pair enters from |t| = LEAST_SCORE, and from this share of √(2·ln m), the size that the largest of m
independent scores of nothing reaches."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """The logistic regression's part, and the products: their two columns, scales and coefficients."""

    linear: Logistic
    first: npt.NDArray[np.int64]
    second: npt.NDArray[np.int64]
    coef: Floats
    kind: str = "pairs"

    def log_odds(self, matrix: Floats) -> Floats:
        """Intercept plus contributions, n; a row's sum does not depend on the other rows."""
        parts = [
            self.contributions(matrix[start : start + CHUNK_ROWS]).sum(axis=1)
            for start in range(0, matrix.shape[0], CHUNK_ROWS)
        ]
        return np.concatenate(parts) if parts else np.empty(0)

    def contributions(self, matrix: Floats) -> Floats:
        """Array n × (k + 1): the linear part, and half of each product for each of its columns."""
        result = self.linear.contributions(matrix)
        halves = 0.5 * self.coef * self.products(matrix)
        for place, (one, other) in enumerate(zip(self.first, self.second, strict=True)):
            result[:, one] += halves[:, place]
            result[:, other] += halves[:, place]
        return result

    def products(self, matrix: Floats) -> Floats:
        """The products of standardised values, n × pairs."""
        values, _ = self.linear.scaling.standardised(matrix)
        return self._products(values)

    def design(self, matrix: Floats) -> tuple[Floats, Floats]:
        """The linear part's design, and the products of its standardised values."""
        plain = self.linear.scaling.design(matrix)
        return plain, self._products(plain)

    def _products(self, values: Floats) -> Floats:
        return np.clip(values[:, self.first] * values[:, self.second], -CUT, CUT)

    def to_json(self) -> dict[str, Any]:
        """Plain lists."""
        return {
            "kind": self.kind,
            "linear": self.linear.to_json(),
            "first": self.first.tolist(),
            "second": self.second.tolist(),
            "coef": self.coef.tolist(),
        }


@dataclass(frozen=True, slots=True)
class Recipe:
    """``screen``: the penalty of the regression whose residuals choose the pairs; ``penalty``: of the whole."""

    screen: float
    penalty: float
    kind: str = "pairs"

    def fit(self, training: Training) -> Pairs:
        """Screen on these rows, then fit."""
        base = logistic.fit(training, self.screen)
        return path(training, base, screened(training, base), (self.penalty,))[0]


def screened(training: Training, base: Logistic) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The columns of the pairs that say most about what ``base`` leaves over, the strongest first."""
    design = base.scaling.design(training.matrix)
    values, chance = design[:, : training.matrix.shape[1]], expit(base.of_design(design))
    weight = training.weight / training.weight.mean()
    score = (values * (weight * (training.label - chance))[:, None]).T @ values
    squares = values**2
    spread = (squares * (weight * chance * (1 - chance))[:, None]).T @ squares
    one, other = np.triu_indices(values.shape[1])
    tested = spread[one, other] >= LEAST_SUPPORT
    size = np.where(tested, np.abs(score[one, other]) / np.sqrt(np.maximum(spread[one, other], 1e-12)), 0.0)
    least = max(LEAST_SCORE, SHARE_OF_LARGEST * float(np.sqrt(2 * np.log(max(int(tested.sum()), 2)))))
    best = np.argsort(-size, kind="stable")[:MOST]
    best = best[size[best] >= least]
    return one[best].astype(np.int64), other[best].astype(np.int64)


def path(
    training: Training,
    base: Logistic,
    columns: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]],
    penalties: Sequence[float],
) -> list[Pairs]:
    """Fit everything anew together, once for each penalty; products are scaled for it, but not centred."""
    blank = Pairs(base, *columns, np.zeros(len(columns[0])))
    plain, products = blank.design(training.matrix)
    scale = np.maximum(products.std(axis=0), 1e-9)
    design = np.hstack([plain, products / scale])
    start = plain.shape[1]
    return [
        Pairs(base.with_coefficients(coef[:start], intercept), *columns, coef[start:] / scale)
        for coef, intercept in logistic.solved(design, training, penalties)
    ]


def from_json(data: Mapping[str, Any]) -> Pairs:
    """The model that ``to_json`` wrote."""
    first, second = (np.asarray(data[name], dtype=np.int64) for name in ("first", "second"))
    return Pairs(logistic.from_json(data["linear"]), first, second, np.asarray(data["coef"], dtype=np.float64))
