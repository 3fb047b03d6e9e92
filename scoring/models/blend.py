"""A weighted sum in log-odds of models of different kinds.

Weights are not negative and are fitted on out-of-fold log-odds (stacking: Wolpert 1992; Breiman 1996),
drawn towards equal shares of the members' spread: with few conversions equal weights are hard to beat
(Smith & Wallis 2009).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from scoring.metrics import Floats
from scoring.models.contract import Model, Recipe, Training
from scoring.models.judging import Fold, log_loss
from scoring.models.together import together

EVEN = 30.0
"""The pull towards equal weights, in the weight of this many converting leads."""
LEAST_SHARE = 0.02
"""A member with less than this share of the weights is left out."""


@dataclass(frozen=True, slots=True)
class Blend:
    """Members and their weights."""

    members: tuple[Model, ...]
    weights: tuple[float, ...]
    kind: str = "blend"

    def log_odds(self, matrix: Floats) -> Floats:
        """Weighted sum, n."""
        return _sum(self.weights, [member.log_odds(matrix) for member in self.members])

    def contributions(self, matrix: Floats) -> Floats:
        """Weighted sum of the members' contributions, n × (k + 1)."""
        return _sum(self.weights, [member.contributions(matrix) for member in self.members])

    def to_json(self) -> dict[str, Any]:
        """All members."""
        return {
            "kind": self.kind,
            "weights": list(self.weights),
            "members": [member.to_json() for member in self.members],
        }


@dataclass(frozen=True, slots=True)
class BlendRecipe:
    """How to fit the members; the weights are kept."""

    members: tuple[Recipe, ...]
    weights: tuple[float, ...]
    kind: str = "blend"

    def fit(self, training: Training) -> Blend:
        """Fit every member on ``training``."""
        return Blend(tuple(together([partial(member.fit, training) for member in self.members])), self.weights)


def stacked(folds: Sequence[Fold], members: Sequence[Sequence[Floats]]) -> tuple[float, ...]:
    """Non-negative weights that sum to 1, of least log-loss over the windows, each with its own intercept.

    ``members``: each one's log-odds by fold.
    """
    columns = [np.column_stack([member[place] for member in members]) for place in range(len(folds))]
    scale = np.maximum(np.sqrt(np.mean([column.var(axis=0) for column in columns], axis=0)), 1e-9)
    conversions = sum(float(fold.window.label @ fold.window.weight) for fold in folds)
    count, pull = len(members), EVEN / max(conversions, 1.0)

    def loss(at: Floats) -> tuple[float, Floats]:
        own, value, slope = at[count:], 0.0, np.zeros(len(at))
        for place, (fold, column) in enumerate(zip(folds, columns, strict=True)):
            window, scaled = fold.window, (column - column.mean(axis=0)) / scale
            line = own[place] + scaled @ at[:count]
            share = window.weight / conversions
            miss = share * (expit(line) - window.label)
            value += float(share.sum()) * log_loss(line, window.label, window.weight)
            slope[:count] += scaled.T @ miss
            slope[count + place] = miss.sum()
        off = at[:count] - at[:count].mean()
        slope[:count] += 2 * pull * off
        return value + pull * float(off @ off), slope

    start = np.concatenate([np.full(count, 1.0 / count), [_rate(fold) for fold in folds]])
    bounds = [(0.0, None)] * count + [(None, None)] * len(folds)
    best = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x[:count] / scale
    return _shares(best)


def blended(weights: Sequence[float], members: Sequence[Sequence[Floats]]) -> list[Floats]:
    """The blend's log-odds by fold."""
    return [_sum(weights, parts) for parts in zip(*members, strict=True)]


def from_json(data: Mapping[str, Any], read: Callable[[Mapping[str, Any]], Model]) -> Blend:
    """The blend that ``to_json`` wrote; ``read`` reads a member."""
    if "share" in data:
        # Form 1: the logistic regression and LightGBM's share.
        share = float(data["share"])
        return Blend((read(data["logistic"]), read(data["gbm"])), (1 - share, share))
    return Blend(tuple(read(member) for member in data["members"]), tuple(map(float, data["weights"])))


def _shares(weights: Floats) -> tuple[float, ...]:
    if weights.sum() <= 0:
        return (1.0 / len(weights),) * len(weights)
    shares = weights / weights.sum()
    shares = np.where(shares < LEAST_SHARE, 0.0, shares)
    return tuple(round(float(share), 6) for share in shares / shares.sum())


def _rate(fold: Fold) -> float:
    share = float(np.clip(np.average(fold.window.label, weights=fold.window.weight), 1e-4, 1 - 1e-4))
    return float(np.log(share / (1 - share)))


def _sum(weights: Sequence[float], parts: Sequence[Floats]) -> Floats:
    total: Floats = np.zeros_like(parts[0])
    for weight, part in zip(weights, parts, strict=True):
        total = total + weight * part
    return total
