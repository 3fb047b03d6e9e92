"""How many of some leads will convert: the sum of their chances, with what it may miss by."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from scoring.metrics import Floats

CONFIDENCE = 0.9


@dataclass(frozen=True, slots=True)
class Total:
    """Expected conversions, and whole numbers between which nine of ten such totals lie."""

    expected: float
    low: int
    high: int


def total(chances: Floats, spread: float, confidence: float = CONFIDENCE) -> Total:
    """Forecast the conversions among leads with these ``chances`` (n, each 0 to 1).

    ``spread``: by what share the level of all chances together may be off (a standard deviation; 0: by none), as the
    model's own test says. The number is spread like a binomial one where that is all chance, and wider, like a negative
    binomial one (a Poisson number of a gamma-distributed level), where the level is uncertain; both have the first two
    moments of the sum.
    """
    mean = float(np.sum(chances))
    variance = float(np.sum(chances * (1 - chances))) + (spread * mean) ** 2
    if mean <= 0:
        return Total(0.0, 0, 0)
    tail = (1 - confidence) / 2
    # A frozen law would write its documentation anew for each total, which takes most of the time.
    law, shape = _law(mean, variance, len(chances))
    low, high = (int(law.ppf(share, *shape)) for share in (tail, 1 - tail))
    return Total(mean, low, min(high, len(chances)))


def _law(mean: float, variance: float, count: int) -> tuple[stats.rv_discrete, tuple[float, ...]]:
    """The law and its shape."""
    if variance > mean:
        size = mean**2 / (variance - mean)
        return stats.nbinom, (size, size / (size + mean))
    if mean - variance <= 1e-9 * mean:
        return stats.poisson, (mean,)
    trials = min(max(math.ceil(mean**2 / (mean - variance)), math.ceil(mean)), count)
    return stats.binom, (trials, mean / trials)
