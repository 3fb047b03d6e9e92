"""Columns made ready for sums: logarithms where skewed, standardised, unknown values flagged.

Counts and other skewed non-negative columns enter as log(1 + x); unknown values as the mean with a
flag of their own; standardised values are cut at ±6 so that one outlier can't own a score.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from scoring.models.contract import Floats

CUT = 6.0
SKEW = 20.0
"""A non-negative column is taken in logarithms when its maximum exceeds this many medians of its positive values."""

_ARRAYS = ("logged", "mean", "scale", "missing_mean", "missing_scale")


@dataclass(frozen=True, slots=True)
class Scaling:
    """Arrays over k columns: log flags, means, scales, missing rates and scales."""

    logged: npt.NDArray[np.bool_]
    mean: Floats
    scale: Floats
    missing_mean: Floats
    missing_scale: Floats

    def standardised(self, matrix: Floats) -> tuple[Floats, Floats]:
        """Standardised values and missing flags, both n × k."""
        unknown, flagged = np.isnan(matrix), self.flagged()
        missing = np.zeros(matrix.shape)
        missing[:, flagged] = self._flags(unknown, flagged)
        return self._values(matrix, unknown), missing

    def _values(self, matrix: Floats, unknown: npt.NDArray[np.bool_]) -> Floats:
        # A negative value at serving, where training saw none, has no logarithm: it counts as 0.
        values = _in_logarithms(matrix, self.logged)
        values -= self.mean
        values /= self.scale
        np.clip(values, -CUT, CUT, out=values)
        values[unknown] = 0.0
        return values

    def _flags(self, unknown: npt.NDArray[np.bool_], places: npt.NDArray[np.int64]) -> Floats:
        flags: Floats = (unknown[:, places] - self.missing_mean[places]) / self.missing_scale[places]
        return flags

    def raw(self, values: Floats) -> Floats:
        """The matrix whose standardised values are these."""
        line = values * self.scale + self.mean
        return np.where(self.logged, np.expm1(line), line)

    def flagged(self) -> npt.NDArray[np.int64]:
        """Places of the columns whose missing flags vary."""
        return np.flatnonzero(self.missing_mean > 0)

    def design(self, matrix: Floats) -> Floats:
        """All standardised columns, then the flags of the ``flagged`` ones."""
        unknown = np.isnan(matrix)
        return np.hstack([self._values(matrix, unknown), self._flags(unknown, self.flagged())])

    def to_json(self) -> dict[str, Any]:
        """Plain lists."""
        return {name: getattr(self, name).tolist() for name in _ARRAYS}


def learn(matrix: Floats) -> Scaling:
    """The scaling of these rows."""
    count = matrix.shape[1]
    unknown = np.isnan(matrix)
    logged = np.array([_skewed(column) for column in np.ascontiguousarray(matrix.T)], dtype=bool).reshape(count)
    raw = _in_logarithms(matrix, logged)
    raw[unknown] = 0.0
    known = np.maximum((~unknown).sum(axis=0), 1)
    mean = raw.sum(axis=0) / known
    raw -= mean
    raw[unknown] = 0.0
    spread = np.sqrt(np.square(raw, out=raw).sum(axis=0) / known)
    share = unknown.mean(axis=0)
    missing_scale = np.sqrt(share * (1 - share))
    share = np.where(missing_scale > 0, share, 0.0)
    return Scaling(
        logged, mean, np.where(spread > 0, spread, 1.0), share, np.where(missing_scale > 0, missing_scale, 1.0)
    )


def _in_logarithms(matrix: Floats, logged: npt.NDArray[np.bool_]) -> Floats:
    """A copy with log(1 + x) in the ``logged`` columns; unknown values stay unknown."""
    values, places = np.array(matrix, dtype=np.float64), np.flatnonzero(logged)
    values[:, places] = np.log1p(np.maximum(values[:, places], 0.0))
    return values


def _skewed(column: Floats) -> bool:
    known = column[~np.isnan(column)]
    positive = known[known > 0]
    if not positive.size or known.min() < 0:
        return False
    return bool(known.max() > SKEW * np.median(positive) or (known.max() > SKEW and np.median(known) == 0))


def from_json(data: Mapping[str, Any]) -> Scaling:
    """The scaling that ``to_json`` wrote, among whatever else ``data`` holds."""
    logged, *floats = (data[name] for name in _ARRAYS)
    mean, scale, missing_mean, missing_scale = (np.asarray(values, dtype=np.float64) for values in floats)
    return Scaling(np.asarray(logged, dtype=bool), mean, scale, missing_mean, missing_scale)
