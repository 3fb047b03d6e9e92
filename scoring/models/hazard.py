"""A discrete-time hazard model: the chance to convert in each period of the horizon, if not before.

The horizon is cut at EDGES days. A lead's snapshot counts in each period that it has been followed through and
that it entered unconverted, so that snapshots too young for the fixed-horizon label teach what is already known of
them (Allison 1982; Singer & Willett 1993). In period j the log-odds are αⱼ + σⱼ·η, where η is one linear
predictor of all periods. With 1 − P = Π (1 − hⱼ), the log-odds of P are a rising function of η alone,

    f(η) = log(exp(Σⱼ log(1 + exp(αⱼ + σⱼ·η))) − 1),

so that the linear contributions to η, scaled by (f(η) − f(η₀)) / (η − η₀), add up to f exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from scoring.calibration import level
from scoring.models import logistic, scaling
from scoring.models.contract import Course, Floats, Training
from scoring.models.judging import recalibrated
from scoring.models.logistic import Logistic

KIND = "hazard"
EDGES = (7.0, 30.0, 90.0)
LEAST_EVENTS = 20
"""Fewer conversions in a period leave its slope at 1."""
NEAR, STEP = 1e-9, 1e-4
LARGE = 30.0


@dataclass(frozen=True, slots=True)
class Hazard:
    """The linear predictor, and each period's last day, shift and slope."""

    linear: Logistic
    edges: tuple[float, ...]
    shifts: Floats
    slopes: Floats
    kind: str = KIND

    def log_odds(self, matrix: Floats) -> Floats:
        """Log-odds of a conversion within the horizon, n."""
        return self._within(self.linear.log_odds(matrix), len(self.edges))

    def chances(self, matrix: Floats) -> Floats:
        """Uncalibrated chances of a conversion within each of ``edges``, n × periods."""
        line = self.linear.log_odds(matrix)
        return np.column_stack([expit(self._within(line, count)) for count in range(1, len(self.edges) + 1)])

    def contributions(self, matrix: Floats) -> Floats:
        """Array n × (k + 1): the linear contributions, scaled; the log-odds of the mean lead last."""
        result = self.linear.contributions(matrix)
        line, periods = result.sum(axis=1), len(self.edges)
        start = np.array([self.linear.intercept])
        base = self._within(start, periods)
        slope = (self._within(start + STEP, periods) - self._within(start - STEP, periods)) / (2 * STEP)
        gap = line - start
        near = np.abs(gap) < NEAR
        scale = np.where(near, slope, (self._within(line, periods) - base) / np.where(near, 1.0, gap))
        result[:, :-1] *= scale[:, None]
        result[:, -1] = base
        return result

    def _within(self, line: Floats, periods: int) -> Floats:
        """The log-odds of a conversion within the first ``periods``."""
        total = np.zeros(len(line))
        for shift, slope in zip(self.shifts[:periods], self.slopes[:periods], strict=True):
            total += np.logaddexp(0.0, shift + slope * line)
        return np.where(total > LARGE, total, np.log(np.expm1(np.minimum(total, LARGE))))

    def to_json(self) -> dict[str, Any]:
        """Plain lists."""
        return {
            "kind": self.kind,
            "linear": self.linear.to_json(),
            "edges": list(self.edges),
            "shifts": self.shifts.tolist(),
            "slopes": self.slopes.tolist(),
        }


@dataclass(frozen=True, slots=True)
class Recipe:
    """``penalty`` as the logistic regression's."""

    penalty: float
    kind: str = KIND

    def fit(self, training: Training) -> Hazard:
        """Fit on the rows and the young ones.

        Raises:
            ValueError: nothing is known of when the rows converted.

        """
        if training.course is None:
            raise ValueError("A hazard model needs dated outcomes.")
        every = [part for part in (training, training.young) if part is not None]
        courses = [part.course for part in every if part.course is not None]
        matrix = np.concatenate([part.matrix for part in every])
        weight = np.concatenate([part.weight for part in every])
        edges = periods(training.course.horizon)
        entered, event = at_risk(courses, edges)
        mass = entered * (weight / weight.mean())[:, None]
        zeros = np.zeros(matrix.shape[1])
        blank = Logistic(scaling.learn(matrix), zeros, zeros, 0.0)
        coef = _fitted(blank.scaling.design(matrix), mass, event, logistic.strength(self.penalty, len(matrix)))
        linear = blank.with_coefficients(coef, 0.0)
        shifts, slopes = _periods(linear.log_odds(matrix), mass, event)
        return Hazard(linear, edges, shifts, slopes)


def periods(horizon: float) -> tuple[float, ...]:
    """The last day of each period of the horizon."""
    return (*(edge for edge in EDGES if edge < horizon), float(horizon))


def at_risk(courses: list[Course], edges: tuple[float, ...]) -> tuple[Floats, Floats]:
    """Whether each row counts in each period, and whether it converted in it, both n × periods.

    A period that has not passed counts for nobody: counting those alone who have already converted in it would
    make it look richer than it is.
    """
    delay = np.concatenate([course.delay for course in courses])[:, None]
    followed = np.concatenate([course.followed for course in courses])[:, None]
    starts, ends = np.array([-np.inf, *edges[:-1]]), np.array(edges)
    entered = (delay > starts) & (followed >= ends)
    return entered.astype(np.float64), (entered & (delay <= ends)).astype(np.float64)


def _fitted(design: Floats, mass: Floats, event: Floats, strength: float) -> Floats:
    """Coefficients of one linear predictor with an unpenalised shift for each period (sklearn's objective)."""
    width, total = design.shape[1], mass.sum()
    ridge = 1.0 / (strength * total)

    def loss(at: Floats) -> tuple[float, Floats]:
        coef, line = at[:width], (design @ at[:width])[:, None] + at[width:]
        value = float((mass * (np.logaddexp(0.0, line) - event * line)).sum() / total)
        miss = mass * (expit(line) - event) / total
        slope = np.concatenate([design.T @ miss.sum(axis=1) + ridge * coef, miss.sum(axis=0)])
        return value + 0.5 * ridge * float(coef @ coef), slope

    rates = ((mass * event).sum(axis=0) + 0.5) / (mass.sum(axis=0) + 1.0)
    start = np.concatenate([np.zeros(width), np.log(rates / (1 - rates))])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 1_000, "maxcor": 10, "gtol": 1e-5})
    return np.asarray(found.x[:width])


def _periods(line: Floats, mass: Floats, event: Floats) -> tuple[Floats, Floats]:
    """Each period's shift and slope of ``line`` of least log-loss."""
    found = []
    for weight, label in zip(mass.T, event.T, strict=True):
        used = weight > 0
        if label[used].sum() >= LEAST_EVENTS:
            found.append(recalibrated(line[used], label[used], weight[used]))
        else:
            found.append((_level(line[used], label[used], weight[used]), 1.0))
    shifts, slopes = zip(*found, strict=True)
    return np.array(shifts), np.array(slopes)


def _level(line: Floats, label: Floats, weight: Floats) -> float:
    """The shift with which the mean chance meets the rate, smoothed by half a case so that it is finite."""
    return level(np.append(line, [0.0, 0.0]), np.append(label, [1.0, 0.0]), np.append(weight, [0.5, 0.5]))


def from_json(data: Mapping[str, Any]) -> Hazard:
    """The model that ``to_json`` wrote."""
    shifts, slopes = (np.asarray(data[name], dtype=np.float64) for name in ("shifts", "slopes"))
    return Hazard(logistic.from_json(data["linear"]), tuple(map(float, data["edges"])), shifts, slopes)
