"""Months and weekends: arrivals are compared with arrivals of the same kind of day, and of the same season."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt

from scoring.metrics import Floats

DAY_US = 86_400_000_000
YEAR = timedelta(days=365)
_SATURDAY = 5
_EPOCH_WEEKDAY = 3
"""1 January 1970 was a Thursday."""

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Spot:
    """Two neighbouring months (numbered from year 0) and how much the second one weighs."""

    month: int
    later: float


def month_of(at: Counts) -> Counts:
    """The month of each instant (µs since 1970), numbered from year 0."""
    months: Counts = at.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64) + 1970 * 12
    return months


def weekend(at: Counts) -> Counts:
    """1 for Saturdays and Sundays (UTC), else 0."""
    day: Counts = (at // DAY_US + _EPOCH_WEEKDAY) % 7
    return (day >= _SATURDAY).astype(np.int64)


def season_of(moment: datetime) -> Spot:
    """The months of a year before ``moment`` between whose middles it lies."""
    then = moment - YEAR
    begins = datetime(then.year, then.month, 1, tzinfo=UTC)
    number = then.year * 12 + then.month - 1
    part = (then - begins) / timedelta(days=30.4)
    return Spot(number - 1, part + 0.5) if part < 0.5 else Spot(number, min(part - 0.5, 1.0))


def mixed(counts: Counts, weights: Floats) -> tuple[Floats, Floats]:
    """Shares of bins over strata weighted by ``weights``, and how many arrivals they are worth.

    ``counts``: measures × strata × bins. A stratum without arrivals leaves its weight to the others.
    """
    sizes = counts.sum(axis=2).astype(np.float64)
    share = counts / np.maximum(sizes, 1.0)[:, :, None]
    weight = weights[None, :] * (sizes > 0)
    total = weight.sum(axis=1, keepdims=True)
    weight = np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)
    spread = (weight**2 / np.maximum(sizes, 1.0)).sum(axis=1)
    worth = np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 0)
    return np.einsum("ks,ksb->kb", weight, share), worth
