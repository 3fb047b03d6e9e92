"""The difference between two arms whose units are companies of unequal size."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from scipy import stats

from scoring.metrics import Floats

UNITS = pl.Schema({"unit": pl.String(), "treated": pl.Boolean(), "value": pl.Float64()})
"""One row a lead whose outcome is known by now: the unit that was randomised, its arm, and what the lead brought (1 or
0 for a conversion, meetings, or an amount)."""

LEAST_UNITS = 10
"""Fewer units in an arm tell nothing of how much they differ among themselves."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Means a lead of the two arms, their difference with its standard error, and degrees of freedom.

    ``units``, ``leads`` and ``successes`` (leads that brought anything) are (control, treated).
    """

    control: float
    treated: float
    error: float
    freedom: float
    units: tuple[int, int]
    leads: tuple[int, int]
    successes: tuple[int, int]

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Comparison:
        """What ``dataclasses.asdict`` made of one, whatever else stands beside it."""
        units, leads, successes = ((data[name][0], data[name][1]) for name in ("units", "leads", "successes"))
        return cls(data["control"], data["treated"], data["error"], data["freedom"], units, leads, successes)

    @property
    def difference(self) -> float:
        """Treated less control, a lead."""
        return self.treated - self.control

    @property
    def information(self) -> float:
        """How much is known: one over the squared standard error (infinite where the arms don't vary)."""
        return 1 / self.error**2 if self.error > 0 else float("inf")

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Ends of the difference's interval for one look at a time that was fixed beforehand (Welch's t)."""
        reach = self.error * float(stats.t.ppf((1 + confidence) / 2, self.freedom))
        return self.difference - reach, self.difference + reach


def compared(leads: pl.DataFrame) -> Comparison | None:
    """Compare the arms of ``leads`` (UNITS); None where an arm has fewer than LEAST_UNITS units.

    Means are ratios (sum over leads), their variance is that of the units' residuals: the linearised ratio
    estimator (Cochran 1977, Sampling Techniques, 6.4; Deng, Knoblich and Lu 2018 for experiments).
    """
    sums = leads.group_by("unit", "treated", maintain_order=True).agg(
        total=pl.col("value").sum(), size=pl.len(), successes=(pl.col("value") != 0).sum()
    )
    parts = [sums.filter(pl.col("treated") == treated) for treated in (False, True)]
    if any(part.height < LEAST_UNITS for part in parts):
        return None
    control, treated = (_arm(part) for part in parts)
    variance = control.variance + treated.variance
    # Welch and Satterthwaite, by units.
    weights = sum(arm.variance**2 / (arm.units - 1) for arm in (control, treated))
    return Comparison(
        control.mean,
        treated.mean,
        math.sqrt(variance),
        variance**2 / weights if weights > 0 else float(control.units + treated.units - 2),
        (control.units, treated.units),
        (control.leads, treated.leads),
        (control.successes, treated.successes),
    )


@dataclass(frozen=True, slots=True)
class _Arm:
    """Mean a lead and the variance of that mean."""

    mean: float
    variance: float
    units: int
    leads: int
    successes: int


def _arm(sums: pl.DataFrame) -> _Arm:
    total: Floats = sums["total"].to_numpy().astype(np.float64)
    size: Floats = sums["size"].to_numpy().astype(np.float64)
    mean = float(total.sum() / size.sum())
    residual = total - mean * size
    variance = sums.height / (sums.height - 1) * float(residual @ residual) / float(size.sum()) ** 2
    return _Arm(mean, variance, sums.height, int(size.sum()), int(sums["successes"].sum()))
