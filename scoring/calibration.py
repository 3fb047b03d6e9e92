"""Calibration of raw log-odds on out-of-fold predictions, by the number of distinct conversions.

Under 100: the intercept alone (the mean probability meets the rate). Under 1,000: a sigmoid
(Platt 1999: slope and intercept). From 1,000: isotonic regression (Zadrozny & Elkan 2002) smoothed
to strictly rising knots with a monotone cubic between them (PCHIP, Fritsch & Carlson 1980) and the
sigmoid's line beyond them. All work on log-odds and are monotone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.optimize import brentq, minimize
from scipy.special import expit
from sklearn.isotonic import IsotonicRegression

from scoring.metrics import Floats
from scoring.minimums import ISOTONIC_FROM, SIGMOID_FROM

LIMIT = 15.0
"""Calibrated log-odds stay within ±LIMIT: a chance below 3e-7 is no different from another."""
MIN_SLOPE = 0.05
KNOTS = 15


@dataclass(frozen=True, slots=True)
class Calibration:
    """A monotone map of raw log-odds: ``intercept + slope · f``, between knots the curve through them."""

    kind: str
    intercept: float
    slope: float = 1.0
    xs: tuple[float, ...] = ()
    ys: tuple[float, ...] = ()

    def apply(self, raw: Floats) -> Floats:
        """Calibrated log-odds."""
        line = self.intercept + self.slope * raw
        if self.xs:
            low, high = self.xs[0], self.xs[-1]
            inner = PchipInterpolator(self.xs, self.ys)(np.clip(raw, low, high))
            line = inner + self.slope * (np.minimum(raw - low, 0.0) + np.maximum(raw - high, 0.0))
        return np.asarray(np.clip(line, -LIMIT, LIMIT), dtype=np.float64)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "kind": self.kind,
            "intercept": self.intercept,
            "slope": self.slope,
            "xs": list(self.xs),
            "ys": list(self.ys),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Calibration:
        """What ``to_json`` wrote."""
        xs, ys = tuple(map(float, data["xs"])), tuple(map(float, data["ys"]))
        return cls(str(data["kind"]), float(data["intercept"]), float(data["slope"]), xs, ys)


IDENTITY = Calibration("none", 0.0)


def calibrate(raw: Floats, label: Floats, weight: Floats, conversions: int) -> Calibration:
    """Fit the rung that ``conversions`` (distinct converting leads) allows. A single class leaves it as it is."""
    if not label.size or label.min() == label.max():
        return IDENTITY
    if conversions < SIGMOID_FROM:
        return Calibration("intercept", level(raw, label, weight))
    intercept, slope = _sigmoid(raw, label, weight)
    if conversions < ISOTONIC_FROM:
        return Calibration("sigmoid", intercept, slope)
    if np.unique(raw).size < KNOTS:
        return Calibration("sigmoid", intercept, slope)
    return _isotonic(raw, label, weight, slope)


def level(raw: Floats, label: Floats, weight: Floats) -> float:
    """The shift of log-odds with which the mean chance meets the rate."""
    target = float(np.average(label, weights=weight))
    return float(brentq(lambda shift: float(np.average(expit(raw + shift), weights=weight)) - target, -60.0, 60.0))


def _sigmoid(raw: Floats, label: Floats, weight: Floats) -> tuple[float, float]:
    share = weight / weight.sum()

    def loss(at: Floats) -> tuple[float, Floats]:
        line = at[0] + at[1] * raw
        miss = share * (expit(line) - label)
        value = float((share * (np.logaddexp(0.0, line) - label * line)).sum())
        return value, np.array([miss.sum(), (miss * raw).sum()])

    start = np.array([level(raw, label, weight), 1.0])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(None, None), (MIN_SLOPE, None)])
    return float(found.x[0]), float(found.x[1])


def _isotonic(raw: Floats, label: Floats, weight: Floats, slope: float) -> Calibration:
    order = np.argsort(raw, kind="stable")
    fitted = IsotonicRegression(out_of_bounds="clip").fit(raw, label, sample_weight=weight).predict(raw[order])
    pieces = np.array_split(np.arange(len(order)), KNOTS)
    heavy, sorted_raw = weight[order], raw[order]
    xs = np.array([np.average(sorted_raw[piece], weights=heavy[piece]) for piece in pieces])
    mass = np.array([heavy[piece].sum() for piece in pieces])
    hits = np.array([(heavy[piece] * fitted[piece]).sum() for piece in pieces])
    # Half a case on each side keeps the first and last knots off 0 and 1.
    chance = (hits + 0.5 * heavy.mean()) / (mass + heavy.mean())
    ys = np.log(chance / (1 - chance))
    kept = np.concatenate([[True], np.diff(xs) > 1e-9])
    xs, ys = xs[kept], ys[kept]
    ys = np.maximum.accumulate(ys)
    ys = ys + MIN_SLOPE * 0.1 * (xs - xs.mean())
    return Calibration("isotonic", 0.0, slope, tuple(map(float, xs)), tuple(map(float, ys)))
