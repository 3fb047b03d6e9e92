"""Who would cross the High-Intent line if another model scored: what sales would notice of a publication."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from scoring.bundle import Bundle
from scoring.schema import Goal, HighIntent
from scoring.tiers import HIGH, Tiers, by_goal


@dataclass(frozen=True, slots=True)
class Churn:
    """Open leads in the High-Intent band now, and how many would leave it and come into it."""

    members: int
    leaving: int
    coming: int

    @property
    def share(self) -> float:
        """The larger of both streams over the members; 1.0 where a band without members would get some."""
        return min(max(self.leaving, self.coming) / max(self.members, 1), 1.0)

    def to_json(self) -> dict[str, Any]:
        """Plain values, with the share."""
        return asdict(self) | {"share": round(self.share, 4)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Churn:
        """What ``to_json`` wrote."""
        return cls(int(data["members"]), int(data["leaving"]), int(data["coming"]))


def churned(champion: Bundle, before: pl.DataFrame, challenger: Bundle, after: pl.DataFrame) -> Churn:
    """Count who crosses the line; ``before`` and ``after`` are both models' scores (``predict.SCORES``).

    A lead that scores a little below the line keeps its band, as in every pass. Leads that only one of them can score
    are left out. Where the tenant has set the band otherwise since, both models' bands are as it is set now.
    """
    tenths = before["score_tenths"].to_numpy()
    tiers = champion.tiers
    if _line(champion.goal) != _line(challenger.goal):
        tiers = by_goal(challenger.goal, tenths, champion.score_map)
    now = pl.DataFrame(
        {"lead_id": before["lead_id"], "band": tiers.names(tenths)}, schema_overrides={"band": pl.String}
    )
    both = now.join(after.select("lead_id", "score_tenths"), on="lead_id", how="inner")
    return _counted(challenger.tiers, both)


def _counted(tiers: Tiers, both: pl.DataFrame) -> Churn:
    pairs = [
        (band == HIGH, tiers.next(tenths, band) == HIGH)
        for band, tenths in both.select("band", "score_tenths").iter_rows()
    ]
    members = sum(was for was, _ in pairs)
    leaving = sum(was and not will for was, will in pairs)
    return Churn(members, leaving, sum(will and not was for was, will in pairs))


def _line(goal: Goal) -> tuple[HighIntent, float]:
    """How the tenant sets the band."""
    sizes = {
        HighIntent.SHARE: goal.high_intent_share,
        HighIntent.CAPACITY: float(goal.capacity),
        HighIntent.PROBABILITY: goal.high_intent_probability,
    }
    return goal.high_intent, sizes[goal.high_intent]
