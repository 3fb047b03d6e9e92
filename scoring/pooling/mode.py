"""Logistic regression under Gaussian priors: its mode, and how sharply the rows fix it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from scoring.metrics import Floats

MOST_STEPS = 500
TOLERANCE = 1e-8


@dataclass(frozen=True, slots=True)
class Evidence:
    """Rows: design n × d, 0/1 labels, and weights in independent observations."""

    design: Floats
    label: Floats
    weight: Floats

    def mode(self, mean: Floats, precision: Floats) -> Floats:
        """The d coefficients of the highest posterior density, by L-BFGS on scaled columns."""
        scale = 1.0 / np.sqrt(np.einsum("ij,ij->j", self.design, self.design * self._half()[:, None]) + precision)
        design = self.design * scale

        def loss(at: Floats) -> tuple[float, Floats]:
            line = design @ at
            away = scale * at - mean
            value = self.weight @ (np.logaddexp(0.0, line) - self.label * line) + 0.5 * (precision @ away**2)
            slope = design.T @ (self.weight * (expit(line) - self.label)) + scale * precision * away
            return float(value), slope

        options = {"maxiter": MOST_STEPS, "ftol": 1e-14, "gtol": TOLERANCE * max(1.0, float(self.weight.sum()))}
        found = minimize(loss, mean / scale, jac=True, method="L-BFGS-B", options=options)
        result: Floats = np.asarray(found.x, dtype=np.float64) * scale
        return result

    def curvature(self, at: Floats) -> Floats:
        """The observed information of the rows at the coefficients ``at``, d × d."""
        chance = expit(self.design @ at)
        bent: Floats = (self.design * (self.weight * chance * (1 - chance))[:, None]).T @ self.design
        return bent

    def _half(self) -> Floats:
        """Rough information of each row: that of the rows' mean rate."""
        mass = float(self.weight.sum())
        rate = float(self.weight @ self.label) / mass if mass > 0 else 0.0
        result: Floats = self.weight * max(rate * (1 - rate), 1e-4)
        return result
