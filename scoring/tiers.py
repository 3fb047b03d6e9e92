"""Bands over the score: High-Intent and Medium by share of the open population, with hysteresis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

HIGH, MEDIUM, LOW = "High-Intent", "Medium", "Low"
SLACK_TENTHS = 20
"""A lead keeps its band until its score falls 2 points below the threshold."""

Tenths = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Tiers:
    """Least scores, in tenths, of the two upper bands."""

    high: int
    medium: int

    def names(self, tenths: Tenths) -> list[str]:
        """The band of each score, without memory."""
        return [HIGH if value >= self.high else MEDIUM if value >= self.medium else LOW for value in tenths.tolist()]

    def next(self, tenths: int, former: str | None) -> str:
        """The band of a score for a lead that was in the band ``former``: it falls only past the slack."""
        if tenths >= self.high or (former == HIGH and tenths >= self.high - SLACK_TENTHS):
            return HIGH
        if tenths >= self.medium or (former in (HIGH, MEDIUM) and tenths >= self.medium - SLACK_TENTHS):
            return MEDIUM
        return LOW

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"high": self.high, "medium": self.medium}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Tiers:
        """What ``to_json`` wrote."""
        return cls(int(data["high"]), int(data["medium"]))


def by_share(tenths: Tenths, high_share: float, medium_share: float) -> Tiers:
    """Thresholds that put about the top shares of ``tenths`` into the upper bands.

    Where equal scores would fill a band to more than twice its share, the next higher score is the
    threshold. ``medium_share`` is the share that the Medium band adds below High-Intent.
    """
    high = _threshold(tenths, high_share)
    return Tiers(high, min(_threshold(tenths, high_share + medium_share), high))


def _threshold(tenths: Tenths, share: float) -> int:
    if not tenths.size:
        return 1_000
    falling = np.sort(tenths)[::-1]
    cut = int(falling[max(int(np.ceil(share * falling.size)), 1) - 1])
    if (falling >= cut).mean() > min(2 * share, 1.0):
        return cut + 1
    return cut
