"""Logistic regression that starts from what other tenants' models have in common (``scoring.prior``).

Coefficients of shared features, on fixed transforms, are the mode of the posterior under the pooled prior N(mean,
variance). The tenant's own columns, where they take part, are standardised and penalised as in plain logistic
regression. The level starts from the tenants' pooled rate, which a few conversions outweigh: without any conversion
the prior alone serves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from scoring.calibration import level
from scoring.models import logistic
from scoring.models.contract import CHUNK_ROWS, Floats, Training
from scoring.models.logistic import Logistic
from scoring.models.scaling import Scaling
from scoring.pooling.mode import Evidence
from scoring.pooling.shared import places, transformed
from scoring.prior import Prior

KIND = "pooled"


@dataclass(frozen=True, slots=True)
class Pooled:
    """The shared columns' names, places, centres and coefficients; ``own``: the other columns' part, and the level."""

    names: tuple[str, ...]
    places: npt.NDArray[np.int64]
    centre: Floats
    coef: Floats
    own: Logistic
    kind: str = KIND

    def log_odds(self, matrix: Floats) -> Floats:
        """Intercept plus contributions, n; a row's sum does not depend on the other rows."""
        parts = [
            self.contributions(matrix[start : start + CHUNK_ROWS]).sum(axis=1)
            for start in range(0, matrix.shape[0], CHUNK_ROWS)
        ]
        return np.concatenate(parts) if parts else np.empty(0)

    def contributions(self, matrix: Floats) -> Floats:
        """Array n × (k + 1): coefficient × centred transform for shared columns; the intercept last."""
        result = self.own.contributions(matrix)
        result[:, self.places] += self.coef * (transformed(matrix[:, self.places], self.names) - self.centre)
        return result

    def to_json(self) -> dict[str, Any]:
        """Plain lists."""
        return {
            "kind": self.kind,
            "names": list(self.names),
            "places": self.places.tolist(),
            "centre": self.centre.tolist(),
            "coef": self.coef.tolist(),
            "own": self.own.to_json(),
        }


@dataclass(frozen=True, slots=True)
class Recipe:
    """``information``: how many independent observations a row stands for; ``penalty``: as for logistic regression,
    for the tenant's own columns (None: they take no part); ``blind``: the prior alone, whatever the labels say."""

    prior: Prior
    information: float = 1.0
    penalty: float | None = None
    blind: bool = False
    kind: str = KIND

    def fit(self, training: Training) -> Pooled:
        """Fit on ``training``."""
        blank = _blank(training, self)
        free = _own_columns(blank, training) if self.penalty else np.empty(0, dtype=np.int64)
        values = transformed(training.matrix[:, blank.places], blank.names) - blank.centre
        mean, precision = self._expected(values, training.weight, blank.names, len(free))
        if self.blind or not training.weight.size:
            return _with(blank, mean, free)
        own = blank.own.scaling.design(training.matrix)[:, free]
        design = np.hstack([values, own, np.ones((len(values), 1))])
        evidence = Evidence(design, training.label, training.weight * self.information)
        return _with(blank, evidence.mode(mean, precision), free)

    def _expected(self, values: Floats, weight: Floats, names: tuple[str, ...], own: int) -> tuple[Floats, Floats]:
        """Mean and precision of the shared coefficients, of ``own`` other ones, and of the level."""
        terms = dict(self.prior.terms)
        mean = np.array([terms[name].mean for name in names])
        precision = np.array([1.0 / terms[name].variance for name in names])
        base = self.prior.base
        start = base.mean
        if weight.size:
            start = level(values @ mean, np.full(len(weight), float(expit(base.mean))), weight)
        ridge = 0.0
        if self.penalty:
            ridge = self.information * float(weight.mean()) / logistic.strength(self.penalty, len(weight))
        return (
            np.concatenate([mean, np.zeros(own), [start]]),
            np.concatenate([precision, np.full(own, ridge), [1.0 / base.variance]]),
        )


def _blank(training: Training, recipe: Recipe) -> Pooled:
    """Columns and centres, without coefficients."""
    count = len(training.columns)
    known = dict(recipe.prior.terms)
    at = {name: place for name, place in places(training.columns).items() if name in known}
    where = np.array(list(at.values()), dtype=np.int64)
    values = transformed(training.matrix[:, where], tuple(at))
    centre = np.average(values, axis=0, weights=training.weight) if training.weight.size else np.zeros(len(at))
    zeros, ones = np.zeros(count), np.ones(count)
    plain = Logistic(Scaling(zeros.astype(bool), zeros, ones, zeros, ones), zeros, zeros, 0.0)
    own = logistic.prepared(training) if recipe.penalty else plain
    return Pooled(tuple(at), where, centre, np.zeros(len(at)), own)


def _own_columns(blank: Pooled, training: Training) -> npt.NDArray[np.int64]:
    """Places, in the scaling's design, of the columns that are not shared and of their missing flags."""
    column = np.concatenate([np.arange(len(training.columns)), blank.own.scaling.flagged()])
    return np.flatnonzero(~np.isin(column, blank.places)).astype(np.int64)


def _with(blank: Pooled, found: Floats, free: npt.NDArray[np.int64]) -> Pooled:
    """The coefficients put where they belong."""
    shared = len(blank.names)
    own = np.zeros(len(blank.own.coef) + len(blank.own.scaling.flagged()))
    own[free] = found[shared:-1]
    return replace(blank, coef=found[:shared], own=blank.own.with_coefficients(own, float(found[-1])))


def from_json(data: Mapping[str, Any]) -> Pooled:
    """The model that ``to_json`` wrote."""
    centre, coef = (np.asarray(data[name], dtype=np.float64) for name in ("centre", "coef"))
    where = np.asarray(data["places"], dtype=np.int64)
    return Pooled(tuple(data["names"]), where, centre, coef, logistic.from_json(data["own"]))
