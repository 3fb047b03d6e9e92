"""Penalised logistic regression on standardised columns, stored as plain arrays.

Counts and other skewed non-negative columns enter as log(1 + x); unknown values as the mean with a
flag of their own; standardised values are cut at ±6 so that one outlier can't own a score.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from scoring.models.contract import CHUNK_ROWS, Floats, Training

PENALTIES = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
"""Candidates for sklearn's C (inverse strength of the L2 penalty)."""
CUT = 6.0
SKEW = 20.0
"""A non-negative column is taken in logarithms when its maximum exceeds this many medians of its positive values."""


@dataclass(frozen=True, slots=True)
class Logistic:
    """Arrays over k columns: log flags, means, scales, missing rates and scales, two coefficients each."""

    logged: npt.NDArray[np.bool_]
    mean: Floats
    scale: Floats
    missing_mean: Floats
    missing_scale: Floats
    coef: Floats
    missing_coef: Floats
    intercept: float
    kind: str = "logistic"

    def log_odds(self, matrix: Floats) -> Floats:
        """Intercept plus contributions, n; a row's sum does not depend on the other rows."""
        parts = [
            self.contributions(matrix[start : start + CHUNK_ROWS]).sum(axis=1)
            for start in range(0, matrix.shape[0], CHUNK_ROWS)
        ]
        return np.concatenate(parts) if parts else np.empty(0)

    def contributions(self, matrix: Floats) -> Floats:
        """Array n × (k + 1): coefficient × standardised value (flag included); the intercept last."""
        values, missing = self.standardised(matrix)
        result = np.empty((matrix.shape[0], matrix.shape[1] + 1))
        result[:, :-1] = values * self.coef + missing * self.missing_coef
        result[:, -1] = self.intercept
        return result

    def standardised(self, matrix: Floats) -> tuple[Floats, Floats]:
        """Standardised values and missing flags, both n × k."""
        unknown = np.isnan(matrix)
        # A negative value at serving, where training saw none, has no logarithm: it counts as 0.
        raw = np.where(self.logged, np.log1p(np.maximum(np.where(unknown, 0.0, matrix), 0.0)), matrix)
        values = np.clip((np.where(unknown, self.mean, raw) - self.mean) / self.scale, -CUT, CUT)
        missing = np.where(self.missing_mean > 0, (unknown - self.missing_mean) / self.missing_scale, 0.0)
        return values, missing

    def with_coefficients(self, coef: Floats, flagged: npt.NDArray[np.int64], intercept: float) -> Logistic:
        """The same standardisation with ``coef`` for all columns, then for the ``flagged`` ones' missing flags."""
        missing_coef = np.zeros(len(self.coef))
        missing_coef[flagged] = coef[len(self.coef) :]
        return replace(self, coef=coef[: len(self.coef)], missing_coef=missing_coef, intercept=intercept)

    def to_json(self) -> dict[str, Any]:
        """Plain lists."""
        return {"kind": self.kind, "intercept": self.intercept} | {
            name: getattr(self, name).tolist() for name in _ARRAYS
        }


_ARRAYS = ("logged", "mean", "scale", "missing_mean", "missing_scale", "coef", "missing_coef")


@dataclass(frozen=True, slots=True)
class Recipe:
    """``penalty`` is sklearn's C, scaled to 10,000 rows."""

    penalty: float
    kind: str = "logistic"

    def fit(self, training: Training) -> Logistic:
        """Fit on ``training``."""
        return fit(training, self.penalty)


def fit(training: Training, penalty: float) -> Logistic:
    """Fit with sklearn's lbfgs; ``penalty`` is its C, scaled to 10,000 rows."""
    return path(training, (penalty,))[0]


def path(training: Training, penalties: Sequence[float]) -> list[Logistic]:
    """One fit for each penalty on the same standardised rows."""
    blank = _prepared(training)
    values, missing = blank.standardised(training.matrix)
    flagged = np.flatnonzero(blank.missing_mean > 0)
    design = np.hstack([values, missing[:, flagged]])
    weight = training.weight / training.weight.mean()
    found = []
    for penalty in penalties:
        solver = LogisticRegression(C=strength(penalty, len(weight)), solver="lbfgs", max_iter=1_000, tol=1e-4)
        solver.fit(design, training.label, sample_weight=weight)
        coef = np.asarray(solver.coef_[0], dtype=np.float64)
        found.append(blank.with_coefficients(coef, flagged, float(solver.intercept_[0])))
    return found


def strength(penalty: float, rows: int) -> float:
    """Return sklearn's C for this many rows: beyond 10,000 the penalty grows with them."""
    return penalty * min(1.0, 10_000 / rows)


def _prepared(training: Training) -> Logistic:
    """The standardisation alone, with zero coefficients."""
    matrix = training.matrix
    count = matrix.shape[1]
    unknown = np.isnan(matrix)
    logged = np.array([_skewed(matrix[:, index]) for index in range(count)], dtype=bool)
    raw = np.where(logged, np.log1p(np.where(unknown | ~logged, 0.0, matrix)), matrix)
    known = np.maximum((~unknown).sum(axis=0), 1)
    mean = np.where(unknown, 0.0, raw).sum(axis=0) / known
    spread = np.sqrt(np.where(unknown, 0.0, (raw - mean) ** 2).sum(axis=0) / known)
    share = unknown.mean(axis=0)
    missing_scale = np.sqrt(share * (1 - share))
    share = np.where(missing_scale > 0, share, 0.0)
    zeros = np.zeros(count)
    return Logistic(
        logged,
        mean,
        np.where(spread > 0, spread, 1.0),
        share,
        np.where(missing_scale > 0, missing_scale, 1.0),
        zeros,
        zeros,
        0.0,
    )


def _skewed(column: Floats) -> bool:
    known = column[~np.isnan(column)]
    positive = known[known > 0]
    if not positive.size or known.min() < 0:
        return False
    return bool(known.max() > SKEW * np.median(positive) or (known.max() > SKEW and np.median(known) == 0))


def from_json(data: Mapping[str, Any]) -> Logistic:
    """The model that ``to_json`` wrote."""
    logged, *floats = (data[name] for name in _ARRAYS)
    mean, scale, missing_mean, missing_scale, coef, missing_coef = (np.asarray(f, dtype=np.float64) for f in floats)
    return Logistic(
        np.asarray(logged, dtype=bool),
        mean,
        scale,
        missing_mean,
        missing_scale,
        coef,
        missing_coef,
        float(data["intercept"]),
    )
