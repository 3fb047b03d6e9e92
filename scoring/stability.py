"""Would other leads of the same kind have given the same ranking?

The chosen recipe is fitted again on bootstrap resamples of companies (else leads) and ranks the test window's leads,
each at its last snapshot. Where there is much to learn from, a resample draws fewer (m out of n: Bickel, Götze and
van Zwet 1997), so the agreement told is that of a smaller training,
and likely lower than that of the full one.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
from scipy.stats import rankdata

from scoring.ground import Ground
from scoring.metrics import Floats, Indices

RESAMPLES = 5
TOP = 0.10
MIN_LEADS, MIN_CONVERSIONS = 50, 5


def stability(ground: Ground) -> dict[str, Any] | None:
    """Agreement between pairs of resamples; None where the test has too few leads or the resamples conversions.

    ``overlap``: the share of one's best tenth that is in the other's (by chance a tenth); ``spearman``: of all ranks.
    Each with its mean, least and greatest value over the pairs.
    """
    last = _last(ground.test_lead)
    if len(last) < MIN_LEADS:
        return None
    counts = _resamples(ground)
    if any(ground.converting(count) < MIN_CONVERSIONS for count in counts):
        return None
    ranked = [ground.fitted(count)[last] for count in counts]
    size = max(1, round(TOP * len(last)))
    best = [set(np.argsort(-scores, kind="stable")[:size].tolist()) for scores in ranked]
    ranks = [rankdata(scores) for scores in ranked]
    pairs = list(combinations(range(RESAMPLES), 2))
    return {
        "resamples": RESAMPLES,
        "rows": int(np.mean([count.sum() for count in counts])),
        "of_rows": len(ground.group),
        "leads": len(last),
        "top": TOP,
        "overlap": _spread([len(best[one] & best[other]) / size for one, other in pairs]),
        "spearman": _spread([_correlation(ranks[one], ranks[other]) for one, other in pairs]),
    }


def _last(lead: Indices) -> Indices:
    """The place of each lead's last row; rows are in time order."""
    _, place = np.unique(lead[::-1], return_index=True)
    last: Indices = np.sort(len(lead) - 1 - place)
    return last


def _resamples(ground: Ground) -> list[Indices]:
    """How often each training row is taken, by resample."""
    rng = np.random.default_rng(ground.seed)
    groups = int(ground.group.max()) + 1
    drawn = max(1, round(groups * min(1.0, ground.fit_rows / len(ground.group))))
    return [rng.multinomial(drawn, np.full(groups, 1 / groups))[ground.group] for _ in range(RESAMPLES)]


def _correlation(one: Floats, other: Floats) -> float:
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])


def _spread(values: list[float]) -> dict[str, float]:
    found = {"value": float(np.mean(values)), "low": min(values), "high": max(values)}
    return {name: round(value, 4) for name, value in found.items()}
