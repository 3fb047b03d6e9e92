"""What each case asks, as lines of a benchmark: the AUC beside the best peer, what is attained, the calibration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scoring.drift import SLOPES
from tests.bench.quality.measure import CANARY, LINE, OURS
from tests.bench.rows import Row

QUALITY, CALIBRATION = "quality", "calibration"
LEAST_ATTAINED = {"additive, 1,000": 0.95, "additive, 100": 0.75}
EXCESS = 0.01
"""By how much the calibration error may exceed that of a perfectly calibrated model on the same scores."""


def rows_of(found: Mapping[str, Any], seeds: int) -> list[Row]:
    """The lines of one case; ``seeds``: measurements behind each figure."""
    return [*_ranking(found, seeds), *(row for one in found["calibration"] for row in _calibrated(found["name"], one))]


def _ranking(found: Mapping[str, Any], seeds: int) -> Sequence[Row]:
    name, mine = found["name"], found["methods"][OURS]
    reached = mine["auc"]["value"]
    if found.get("canary"):
        return [
            Row(QUALITY, f"{name}: claims at most {CANARY}", "AUC", reached, CANARY, 1.0, seeds, less_is_better=True)
        ]
    peer = found["methods"][found["best_peer"]]
    half = (found["difference"]["high"] - found["difference"]["low"]) / 2
    least = next((share for start, share in LEAST_ATTAINED.items() if name.startswith(start)), None)
    if "attained" in mine and least is not None:
        share = mine["attained"]
        return [Row(QUALITY, f"{name}: of the attainable", "share", share["mean"], 1.0, least, seeds, half)]
    if "attained" in mine and name.startswith("interactions"):
        sides = (mine["attained"]["mean"], peer["attained"]["mean"])
        words = f"{name}: of the attainable, beside {found['best_peer']}"
        return [Row(QUALITY, words, "share", *sides, 1.0, seeds, half)]
    other = peer["auc"]["value"]
    words = f"{name}: at worst, beside {found['best_peer']}"
    return [Row(QUALITY, words, "AUC", other + found["difference"]["low"], other, (other + LINE) / other, seeds, half)]


def _calibrated(name: str, one: Mapping[str, Any]) -> list[Row]:
    """The error and the slope; neither is asked where the drift verdict says that they can't be held."""
    asked, drift = (None, ", drift told") if one["drifted"] else (1.0, "")
    words, allowed = f"{name}: calibration from {one['from']}{drift}", one["perfect"] + EXCESS
    slope = one["slope"]
    inside = min(slope / SLOPES[0], SLOPES[1] / max(slope, 1e-9))
    return [
        Row(CALIBRATION, f"{words}, error", "error", one["error"], allowed, asked, less_is_better=True),
        Row(CALIBRATION, f"{words}, slope {slope:.2f} within {SLOPES[0]} to {SLOPES[1]}", "factor", inside, 1.0, asked),
    ]
