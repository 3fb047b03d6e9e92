"""Shares that were counted, with what they may be by chance."""

from __future__ import annotations

from scipy import stats


def wilson(hits: int, of: int) -> tuple[float, float]:
    """The interval of a share by Wilson's score at 95 %; ``of`` is above zero."""
    found = stats.binomtest(hits, of).proportion_ci(0.95, method="wilson")
    return float(found.low), float(found.high)
