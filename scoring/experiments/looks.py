"""What may be said at each look at an experiment that is still running."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy import stats

from scoring.experiments.boundaries import boundaries
from scoring.experiments.comparison import Comparison

LEAST_SUCCESSES = 20
"""With fewer in an arm a difference is not yet spread like a normal one, and its own error is badly known: such a look
says nothing, and nothing is spent on it."""


PRUDENCE = 0.7
"""The part of the error that is spent. Differences of companies' rates are only about normal and hang together a little
more than the boundaries take for granted: spent whole, 93 to 94 of 100 trials were covered where 95 were promised."""


@dataclass(frozen=True, slots=True)
class Look:
    """A comparison with an interval that holds at all looks together; infinite ends: nothing was spent on it."""

    comparison: Comparison
    low: float
    high: float

    @property
    def decided(self) -> bool:
        """Whether the arms differ for certain enough to stop."""
        return self.low > 0 or self.high < 0


def looked(comparisons: Sequence[Comparison], planned_leads: int, confidence: float = 0.95) -> list[Look]:
    """Return a look for each comparison, oldest first, of an experiment that was planned for so many leads (> 0).

    All of them cover the true difference together with ``confidence``. Boundaries are normal; few units are paid
    for by the t distribution's own tail at the same probability.
    """
    telling = [one for one in comparisons if min(one.successes) >= LEAST_SUCCESSES]
    shares = [min(1.0, sum(one.leads) / planned_leads) for one in telling]
    bounds = iter(boundaries([one.information for one in telling], shares, PRUDENCE * (1 - confidence)))
    return [_look(one, next(bounds) if min(one.successes) >= LEAST_SUCCESSES else math.inf) for one in comparisons]


def _look(one: Comparison, bound: float) -> Look:
    if math.isinf(bound):
        return Look(one, -math.inf, math.inf)
    reach = float(stats.t.isf(stats.norm.sf(bound), one.freedom)) * one.error
    return Look(one, one.difference - reach, one.difference + reach)
