"""Penalised logistic regression on standardised columns (``scaling``), stored as plain arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from scoring.models import scaling
from scoring.models.contract import CHUNK_ROWS, Floats, Training
from scoring.models.scaling import Scaling

PENALTIES = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
"""Candidates for sklearn's C (inverse strength of the L2 penalty)."""


@dataclass(frozen=True, slots=True)
class Logistic:
    """The scaling of k columns, and two coefficients each: of the value and of its missing flag."""

    scaling: Scaling
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

    def of_design(self, design: Floats) -> Floats:
        """The log-odds of rows that the scaling has made into a ``design``; the last bits may depend on the others."""
        coef = np.concatenate([self.coef, self.missing_coef[self.scaling.flagged()]])
        line: Floats = design @ coef + self.intercept
        return line

    def contributions(self, matrix: Floats) -> Floats:
        """Array n × (k + 1): coefficient × standardised value (flag included); the intercept last."""
        values, missing = self.scaling.standardised(matrix)
        result = np.empty((matrix.shape[0], matrix.shape[1] + 1))
        result[:, :-1] = values * self.coef + missing * self.missing_coef
        result[:, -1] = self.intercept
        return result

    def with_coefficients(self, coef: Floats, intercept: float) -> Logistic:
        """The same scaling with ``coef`` for all columns, then for the flagged ones' missing flags."""
        missing_coef = np.zeros(len(self.coef))
        missing_coef[self.scaling.flagged()] = coef[len(self.coef) :]
        return replace(self, coef=coef[: len(self.coef)], missing_coef=missing_coef, intercept=intercept)

    def to_json(self) -> dict[str, Any]:
        """Plain lists."""
        own = {"coef": self.coef.tolist(), "missing_coef": self.missing_coef.tolist()}
        return {"kind": self.kind, "intercept": self.intercept} | self.scaling.to_json() | own


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
    blank = prepared(training)
    design = blank.scaling.design(training.matrix)
    return [blank.with_coefficients(*found) for found in solved(design, training, penalties)]


def solved(design: Floats, training: Training, penalties: Sequence[float]) -> Iterator[tuple[Floats, float]]:
    """Coefficients of the ``design``'s columns and intercept for each penalty, by sklearn's lbfgs."""
    weight = training.weight / training.weight.mean()
    for penalty in penalties:
        solver = LogisticRegression(C=strength(penalty, len(weight)), solver="lbfgs", max_iter=1_000, tol=1e-4)
        solver.fit(design, training.label, sample_weight=weight)
        yield np.asarray(solver.coef_[0], dtype=np.float64), float(solver.intercept_[0])


def strength(penalty: float, rows: int) -> float:
    """Return sklearn's C for this many rows: beyond 10,000 the penalty grows with them."""
    return penalty * min(1.0, 10_000 / rows)


def prepared(training: Training) -> Logistic:
    """The scaling alone, with zero coefficients."""
    zeros = np.zeros(training.matrix.shape[1])
    return Logistic(scaling.learn(training.matrix), zeros, zeros, 0.0)


def from_json(data: Mapping[str, Any]) -> Logistic:
    """The model that ``to_json`` wrote."""
    coef, missing_coef = (np.asarray(data[name], dtype=np.float64) for name in ("coef", "missing_coef"))
    return Logistic(scaling.from_json(data), coef, missing_coef, float(data["intercept"]))
