"""How many of a list will convert at least: by what became of former lists, not by what the model says of itself.

The rate of former lists is bounded from below (Clopper and Pearson 1934), and the number that the next list then has at
least by chance (a binomial quantile); each may fail with half of the error. Where former lists differ among themselves
by more than chance, leads count for as much fewer (the variance inflation of McCullagh and Nelder 1989, 4.5). It takes
for granted that the next list comes about as the former ones did: ``trust`` says when promises fail too often for that.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy import stats

CONFIDENCE = 0.95
LEAST_LISTS, LEAST_LEADS = 4, 100
ALARM = 0.01
"""Promises that fail so often that it happens in one of a hundred tenants by chance: something has changed."""


@dataclass(frozen=True, slots=True)
class Worked:
    """A former list whose outcomes are all known: leads, those that converted, what was promised (None: nothing)."""

    leads: int
    won: int
    promised: int | None = None


@dataclass(frozen=True, slots=True)
class Promise:
    """At least ``least`` of the list's leads will convert; ``lists`` and ``leads`` it rests on; how much they differ.

    ``inflation`` is 1 where former lists differ by chance alone.
    """

    least: int
    lists: int
    leads: int
    rate: float
    inflation: float


def least(former: Sequence[Worked], size: int, confidence: float = CONFIDENCE) -> Promise | None:
    """Promise a number for a list of ``size`` leads; None before LEAST_LISTS lists with LEAST_LEADS leads are known."""
    told = [one for one in former if one.leads]
    leads, won = sum(one.leads for one in told), sum(one.won for one in told)
    if len(told) < LEAST_LISTS or leads < LEAST_LEADS or size < 1:
        return None
    rate = won / leads
    inflation = _inflation(told, rate)
    error = (1 - confidence) / 2
    known, counted = leads / inflation, won / inflation
    low = float(stats.beta.ppf(error, counted, known - counted + 1)) if counted > 0 else 0.0
    # A list whose leads share their fate tells as little as a shorter one.
    apart = max(1, math.floor(size / inflation))
    fewest = float(stats.binom.ppf(error, apart, low)) / apart
    return Promise(math.floor(fewest * size + 1e-9), len(told), leads, rate, inflation)


def _inflation(former: Sequence[Worked], rate: float) -> float:
    if not 0 < rate < 1:
        return 1.0
    squares = sum((one.won - one.leads * rate) ** 2 / (one.leads * rate * (1 - rate)) for one in former)
    return max(1.0, squares / (len(former) - 1))


def trust(former: Sequence[Worked], confidence: float = CONFIDENCE) -> bool:
    """Whether promises that were made have failed no more often than they may."""
    made = [one for one in former if one.promised is not None]
    failed = sum(one.won < one.promised for one in made if one.promised is not None)
    return not made or float(stats.binom.sf(failed - 1, len(made), 1 - confidence)) >= ALARM or failed == 0
