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
        unknown = np.isnan(matrix)
        # A negative value at serving, where training saw none, has no logarithm: it counts as 0.
        raw = np.where(self.logged, np.log1p(np.maximum(np.where(unknown, 0.0, matrix), 0.0)), matrix)
        values = np.clip((np.where(unknown, self.mean, raw) - self.mean) / self.scale, -CUT, CUT)
        missing = np.where(self.missing_mean > 0, (unknown - self.missing_mean) / self.missing_scale, 0.0)
        return values, missing

    def raw(self, values: Floats) -> Floats:
        """The matrix whose standardised values are these."""
        line = values * self.scale + self.mean
        return np.where(self.logged, np.expm1(line), line)

    def flagged(self) -> npt.NDArray[np.int64]:
        """Places of the columns whose missing flags vary."""
        return np.flatnonzero(self.missing_mean > 0)

    def design(self, matrix: Floats) -> Floats:
        """All standardised columns, then the flags of the ``flagged`` ones."""
        values, missing = self.standardised(matrix)
        return np.hstack([values, missing[:, self.flagged()]])

    def to_json(self) -> dict[str, Any]:
        """Plain lists."""
        return {name: getattr(self, name).tolist() for name in _ARRAYS}


def learn(matrix: Floats) -> Scaling:
    """The scaling of these rows."""
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
    return Scaling(
        logged, mean, np.where(spread > 0, spread, 1.0), share, np.where(missing_scale > 0, missing_scale, 1.0)
    )


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
