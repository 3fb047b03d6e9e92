"""How far a statistic must lie from zero at each look, so that all looks together err as seldom as one would.

Group sequential boundaries with an error that is spent as information comes in (Lan and DeMets 1983), by the spending
function that keeps the boundaries about level (their approximation of Pocock 1977): an early look is nearly as
sharp as the last. A boundary that may be crossed at every moment (a confidence sequence) was tried: at the planned end
its intervals are 1.55 times as wide as a single look's, these are 1.2 to 1.45 times.

The probabilities are found by integrating from look to look (Armitage, McPherson and Rowe 1969).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm

from scoring.metrics import Floats

POINTS = 201
_WIDEST = 8.0
LEAST_GAIN = 0.005
"""A look that brings less information than this share of all is none: nothing is spent on it."""


def spent(share: float, error: float) -> float:
    """The error that may be used up when this share of the planned information is there."""
    return error * math.log(1 + (math.e - 1) * min(max(share, 0.0), 1.0))


def boundaries(information: Sequence[float], shares: Sequence[float], error: float = 0.05) -> list[float]:
    """The two-sided boundary of the standardised statistic at each look.

    ``information`` (rising, one over the variance) tells how the looks hang together; ``shares`` (rising,
    of what was planned, at most 1) how much of ``error`` is spent. A look after everything was spent, or with
    next to no new information, has an infinite boundary.
    """
    found: list[float] = []
    grid: Floats | None = None
    density: Floats | None = None
    used, before = 0.0, 0.0
    for amount, share in zip(information, shares, strict=True):
        left = spent(share, error) - used
        if left <= 1e-9 or amount <= before * (1 + LEAST_GAIN):
            found.append(math.inf)
            continue
        if grid is None or density is None:
            bound = float(norm.isf(left / 2))
        else:
            bound = _bound(grid, density, before, amount, left)
        found.append(bound)
        grid, density = _next(grid, density, before, amount, bound)
        used, before = used + left, amount
    return found


def _bound(grid: Floats, density: Floats, before: float, amount: float, left: float) -> float:
    """The bound that is crossed first at this look with probability ``left``."""
    centre = grid * math.sqrt(before / amount)
    spread = math.sqrt(1 - before / amount)

    def beyond(bound: float) -> float:
        tails = norm.sf((bound - centre) / spread) + norm.cdf((-bound - centre) / spread)
        return float(np.trapezoid(density * tails, grid)) - left

    return float(brentq(beyond, 0.0, _WIDEST, xtol=1e-7))


def _next(
    grid: Floats | None, density: Floats | None, before: float, amount: float, bound: float
) -> tuple[Floats, Floats]:
    """The statistic's density at a look, as far as no boundary was crossed up to then."""
    points: Floats = np.linspace(-bound, bound, POINTS)
    if grid is None or density is None:
        return points, norm.pdf(points)
    spread = math.sqrt(1 - before / amount)
    steps = norm.pdf((points[:, None] - grid[None, :] * math.sqrt(before / amount)) / spread) / spread
    return points, np.trapezoid(steps * density[None, :], grid, axis=1)
