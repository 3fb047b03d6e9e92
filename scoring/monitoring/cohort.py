"""Did the chances that were told come true? The newest scores whose horizon has passed, judged as at training.

The lag is what it is: of a horizon of 90 days this speaks of scores that are three to five months old.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
from scipy.special import logit

from scoring.drift import LEVEL, SLOPES, Drift, judged
from scoring.evaluation import Window
from scoring.labels import within_horizon
from scoring.population import numbered, open_rows
from scoring.schema import UTC_TIME, Goal, History

LEAST_CONVERSIONS, LEAST_SPREAD = 30, 0.05
TOLD = pl.Schema({"lead_id": pl.Int64(), "as_of": UTC_TIME, "chance": pl.Float64()})
"""One row a lead: the chance that was told of it, and as of when."""
SURE = 3.5
"""An alarm takes so many standard errors beyond what is allowed: every day is another look at nearly the same leads."""
_LIMIT = 1e-9
_INTERVAL = 2 * 1.96


@dataclass(frozen=True, slots=True)
class Cohort:
    """``first``, ``last``: when the chances were told; ``drift``: what became of them.

    It is None where too few converted, or the chances hardly differed.
    """

    first: datetime
    last: datetime
    leads: int
    conversions: int
    drift: Drift | None

    @property
    def certain(self) -> bool:
        """Whether rate or slope are surely beyond what is allowed, on any of many days."""
        if self.drift is None:
            return False
        ratio = [float(np.log(max(value, _LIMIT))) for value in self.drift.ratio]
        level = float(np.log(LEVEL))
        return _beyond(ratio, -level, level) or _beyond(self.drift.slope, *SLOPES)

    def to_json(self) -> Mapping[str, Any]:
        """Plain values."""
        return {
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "leads": self.leads,
            "conversions": self.conversions,
            "drift": self.drift.to_json() if self.drift else None,
        }


def _beyond(found: Sequence[float], least: float, most: float) -> bool:
    """Whether a value with its interval (value, low, high) lies surely outside of what is allowed."""
    value, low, high = found
    error = max((high - low) / _INTERVAL, _LIMIT)
    return max(value - most, least - value) > SURE * error


def cohort(told: pl.DataFrame, history: History, goal: Goal, seed: int = 0) -> Cohort | None:
    """Judge ``told`` (TOLD, all matured) by what ``history`` knows today; None where nobody is left to judge by."""
    rows = numbered(told.unique("lead_id", keep="first", maintain_order=True).sort("as_of", "lead_id"))
    known = history.leads.select("lead_id", "company_key").unique("lead_id", keep="first")
    rows = numbered(open_rows(history, numbered(rows.join(known, on="lead_id", maintain_order="left"))))
    rows = within_horizon(history, rows, timedelta(days=goal.horizon_days)).with_columns(weight=pl.lit(1.0))
    if rows.is_empty():
        return None
    chance = np.clip(rows["chance"].to_numpy(), _LIMIT, 1 - _LIMIT)
    conversions = int(rows["label"].sum())
    log_odds = np.asarray(logit(chance))
    # A scorecard gives nearly everybody the same chance: nothing was foretold that could come true.
    enough = conversions >= LEAST_CONVERSIONS and float(log_odds.std()) > LEAST_SPREAD
    moved = judged(Window.of(rows, log_odds), seed) if enough else None
    ends: tuple[Any, Any] = (rows["as_of"].min(), rows["as_of"].max())
    return Cohort(ends[0], ends[1], rows.height, conversions, moved)
