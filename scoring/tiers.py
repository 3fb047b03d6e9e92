"""Bands over the score, with hysteresis: High-Intent by share, capacity or chance, Medium by share below it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from scoring.schema import Goal, HighIntent
from scoring.scoremap import ScoreMap

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

    def at(self, high: int) -> Tiers:
        """The same with another threshold of High-Intent."""
        return Tiers(high, min(self.medium, high))

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"high": self.high, "medium": self.medium}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Tiers:
        """What ``to_json`` wrote."""
        return cls(int(data["high"]), int(data["medium"]))


def by_goal(goal: Goal, tenths: Tenths, score_map: ScoreMap) -> Tiers:
    """Thresholds as the goal sets them; ``tenths`` are the scores of the leads that are open now."""
    if goal.high_intent is HighIntent.CAPACITY:
        return _by_count(tenths, goal.capacity, goal.medium_share)
    if goal.high_intent is HighIntent.PROBABILITY:
        return by_probability(tenths, score_map.tenths_of(goal.high_intent_probability), goal.medium_share)
    return by_share(tenths, goal.high_intent_share, goal.medium_share)


def by_share(tenths: Tenths, high_share: float, medium_share: float) -> Tiers:
    """Thresholds that put about the top shares of ``tenths`` into the upper bands.

    Where equal scores would fill a band to more than twice its share, the next higher score is the
    threshold. ``medium_share`` is the share that the Medium band adds below High-Intent.
    """
    return _by_count(tenths, _part(tenths, high_share), medium_share)


def by_probability(tenths: Tenths, high: int, medium_share: float) -> Tiers:
    """High-Intent from the score ``high`` on, however many leads that are; Medium is the share that follows."""
    above = int((tenths >= high).sum())
    return Tiers(high, min(_threshold(tenths, above + _part(tenths, medium_share)), high))


def share_high(tiers: Tiers, tenths: Tenths) -> float:
    """The share of scores in the High-Intent band."""
    return float((tenths >= tiers.high).mean()) if tenths.size else 0.0


def _by_count(tenths: Tenths, leads: int, medium_share: float) -> Tiers:
    high = _threshold(tenths, leads)
    return Tiers(high, min(_threshold(tenths, leads + _part(tenths, medium_share)), high))


def _part(tenths: Tenths, share: float) -> int:
    """How many leads the share is; the last bits of a product are no lead."""
    return int(np.ceil(share * tenths.size - 1e-9))


def _threshold(tenths: Tenths, leads: int) -> int:
    """The score that about so many leads reach; where a tie would double their number, the next higher one."""
    if not tenths.size:
        return 1_000
    falling = np.sort(tenths)[::-1]
    wanted = min(max(leads, 1), falling.size)
    cut = int(falling[wanted - 1])
    return cut + 1 if (falling >= cut).sum() > 2 * wanted else cut
