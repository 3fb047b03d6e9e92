"""Weighted ranking and calibration measures, fast enough to bootstrap.

Ties share their rank: AUC counts them half, average precision steps over whole groups (as sklearn
does), lift and precision at a cut interpolate inside the group that the cut divides.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

LIFT_SHARES = (0.05, 0.10, 0.20, 0.30)
BINS = 10


def auc(label: Floats, score: Floats, weight: Floats | None = None) -> float:
    """Area under the ROC curve; NaN with a single class."""
    ranking = Ranking.of(label, score)
    return ranking.auc(np.ones(len(label)) if weight is None else weight)


@dataclass(frozen=True, slots=True)
class Ranking:
    """Rows ordered by falling score, with the starts of tied groups; weights come in later."""

    label: Floats
    order: Indices
    starts: Indices

    @classmethod
    def of(cls, label: Floats, score: Floats) -> Ranking:
        """Sort once."""
        order = np.argsort(-score, kind="stable")
        ordered = score[order]
        fresh = np.ones(len(ordered), dtype=bool)
        fresh[1:] = ordered[1:] != ordered[:-1]
        return cls(np.asarray(label, dtype=np.float64)[order], order, np.flatnonzero(fresh))

    def groups(self, weight: Floats) -> tuple[Floats, Floats]:
        """Weight of positives and of negatives in each tied group, best first."""
        if not len(self.starts):
            return np.zeros(0), np.zeros(0)
        ordered = weight[self.order]
        positive = np.add.reduceat(ordered * self.label, self.starts)
        return positive, np.add.reduceat(ordered, self.starts) - positive

    def auc(self, weight: Floats) -> float:
        """Area under the ROC curve."""
        positive, negative = self.groups(weight)
        pairs = positive.sum() * negative.sum()
        if pairs <= 0:
            return float("nan")
        below = negative.sum() - np.cumsum(negative) + 0.5 * negative
        return float((positive * below).sum() / pairs)

    def average_precision(self, weight: Floats) -> float:
        """Area under the precision-recall curve, by steps."""
        positive, negative = self.groups(weight)
        if positive.sum() <= 0:
            return float("nan")
        hits, seen = np.cumsum(positive), np.cumsum(positive + negative)
        precision = np.divide(hits, seen, out=np.zeros_like(hits), where=seen > 0)
        return float((precision * positive).sum() / positive.sum())

    def hits_within(self, weight: Floats, amounts: Floats) -> Floats:
        """Weight of positives among the best ``amounts`` of weight."""
        positive, negative = self.groups(weight)
        seen = np.concatenate([[0.0], np.cumsum(positive + negative)])
        hits = np.concatenate([[0.0], np.cumsum(positive)])
        found: Floats = np.interp(amounts, seen, hits)
        return found

    def lift(self, weight: Floats, shares: Floats) -> Floats:
        """Conversion rate of the best shares over the overall rate."""
        total, positives = weight.sum(), float((weight[self.order] * self.label).sum())
        if positives <= 0 or total <= 0:
            return np.full(len(shares), float("nan"))
        return self.hits_within(weight, shares * total) / (shares * positives)

    def precision_at(self, weight: Floats, count: float) -> float:
        """Conversion rate of the best ``count`` rows (fewer, if there are fewer)."""
        amount = min(count, float(weight.sum()))
        return float(self.hits_within(weight, np.array([amount]))[0] / amount) if amount > 0 else float("nan")


def brier(label: Floats, chance: Floats, weight: Floats) -> float:
    """Mean squared error of the probability."""
    return float((weight * (chance - label) ** 2).sum() / weight.sum()) if weight.sum() > 0 else float("nan")


def equal_count_bins(chance: Floats, weight: Floats) -> Indices:
    """The bin (0…9) of each row: equal weight by rising probability, ties in one bin."""
    order = np.argsort(chance, kind="stable")
    reached = np.cumsum(weight[order]) - 0.5 * weight[order]
    bins = np.empty(len(chance), dtype=np.int64)
    bins[order] = np.minimum((reached / weight.sum() * BINS).astype(np.int64), BINS - 1)
    _, first, same = np.unique(chance, return_index=True, return_inverse=True)
    return bins[first][same]


def calibration_error(label: Floats, chance: Floats, weight: Floats, bins: Indices) -> float:
    """Expected calibration error: weighted mean gap between mean probability and rate over the bins."""
    gaps = np.bincount(bins, weights=weight * (label - chance), minlength=BINS)
    return float(np.abs(gaps).sum() / weight.sum()) if weight.sum() > 0 else float("nan")


def calibration_error_by_chance(chance: Floats, weight: Floats, bins: Indices, seed: int, draws: int = 100) -> float:
    """What :func:`calibration_error` would be on average if every stated chance were true.

    Not 0: of few conversions a bin has now more, now less than its share. Outcomes are drawn from the chances, each row
    by itself; where rows share an outcome chance alone gives more than that.
    """
    rng = np.random.default_rng(seed)
    drawn = ((rng.random(len(chance)) < chance).astype(np.float64) for _ in range(draws))
    return float(np.mean([calibration_error(label, chance, weight, bins) for label in drawn]))
