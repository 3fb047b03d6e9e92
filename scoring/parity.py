"""Gaps between groups, each against the largest: selection, its ratio, and the true-positive rate.

Demographic parity asks for equal shares selected, equal opportunity (Hardt, Price and Srebro 2016) for equal
true-positive rates. Where the groups' conversion rates differ, calibrated chances can't meet all at once (Kleinberg,
Mullainathan and Raghavan 2017): the figures are told, the judgement is the reader's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from scoring.evaluation import interval
from scoring.metrics import Floats

SELECTED, REACHED = 4, 6
"""Places among the figures of ``segments``."""
FOUR_FIFTHS = 0.8
"""A ratio of selection below this is a customary reason to look closer (EEOC Uniform Guidelines 1978)."""
CAVEAT = (
    "It tells how the selection falls on the groups, not why: groups that convert at different rates are selected at "
    "different rates by any model that ranks well, and equal figures do not show that the records treat groups alike."
)


def parity(label: str, names: Sequence[str], leads: Sequence[int], whole: Floats, draws: Floats) -> dict[str, Any]:
    """``reference`` (the largest group), the ``gaps`` of every other one to it, and a ``sentence``.

    ``whole``: groups × figures; ``draws``: resamples × groups × figures.
    """
    if len(names) < 2:
        told = f"{label}: only one group is large enough; there is nothing to compare."
        return {"reference": names[0] if names else None, "gaps": [], "sentence": told}
    base = int(np.argmax(leads))
    gaps = [_gap(names[place], whole, draws, place, base) for place in range(len(names)) if place != base]
    return {"reference": names[base], "gaps": gaps, "sentence": _sentence(label, names[base], gaps)}


def _gap(name: str, whole: Floats, draws: Floats, place: int, base: int) -> dict[str, Any]:
    own, other = whole[place], whole[base]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = own[SELECTED] / other[SELECTED] if other[SELECTED] > 0 else np.nan
        ratios = np.where(draws[:, base, SELECTED] > 0, draws[:, place, SELECTED] / draws[:, base, SELECTED], np.nan)
    differences = draws[:, place] - draws[:, base]
    return {
        "value": name,
        "selected": interval(float(own[SELECTED] - other[SELECTED]), differences[:, SELECTED]),
        "ratio": interval(float(ratio), ratios),
        "reached": interval(float(own[REACHED] - other[REACHED]), differences[:, REACHED]),
    }


def _sentence(label: str, reference: str, gaps: Sequence[dict[str, Any]]) -> str:
    sure = [gap for gap in gaps if _apart(gap["selected"])]
    if not sure:
        told = f"{label}: no group is surely selected more or less often than “{reference}”."
        return f"{told} {CAVEAT}"
    farthest = max(sure, key=lambda gap: abs(gap["selected"]["value"]))
    found, ratio = farthest["selected"], farthest["ratio"]
    way = "less" if found["value"] < 0 else "more"
    told = f"{label}: “{farthest['value']}” is selected {way} often than “{reference}”, by {_points(found)}"
    if ratio["value"] is not None:
        told += f" (ratio {ratio['value']:.2f})"
    low = any(gap["ratio"]["value"] is not None and _outside(gap["ratio"]["value"]) for gap in sure)
    look = " A ratio beyond four fifths (under 0.80 or over 1.25) is a customary reason to look closer." if low else ""
    reached = [gap["value"] for gap in gaps if _apart(gap["reached"])]
    equal = ", ".join(f"“{name}”" for name in reached)
    missed = f" Of the leads that convert, the share selected surely differs for {equal}." if reached else ""
    return f"{told}.{look}{missed} {CAVEAT}"


def _apart(found: dict[str, float | None]) -> bool:
    low, high = found["low"], found["high"]
    return low is not None and high is not None and (low > 0 or high < 0)


def _outside(ratio: float) -> bool:
    return ratio < FOUR_FIFTHS or ratio > 1 / FOUR_FIFTHS


def _points(found: dict[str, float | None]) -> str:
    value, low, high = (100 * (found[name] or 0.0) for name in ("value", "low", "high"))
    return f"{abs(value):.1f} percentage points (95 % {low:+.1f} to {high:+.1f})".replace("-", "−")
