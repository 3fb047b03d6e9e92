"""Did the chances that were told come true? The newest scores whose horizon has passed, judged as at training.

The lag is what it is: of a horizon of 90 days this speaks of scores that are three to five months old.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
from scipy.special import logit

from scoring.drift import Drift, judged
from scoring.evaluation import Window
from scoring.labels import within_horizon
from scoring.population import numbered, open_rows
from scoring.schema import UTC_TIME, Goal, History, Timing

SPAN = timedelta(days=60)
"""A cohort is of scores that were made within so long."""
LEAST_CONVERSIONS = 30
TOLD = pl.Schema({"lead_id": pl.Int64(), "as_of": UTC_TIME, "chance": pl.Float64()})
"""One row a lead: the chance that was told of it, and as of when."""
_LIMIT = 1e-9


@dataclass(frozen=True, slots=True)
class Cohort:
    """``first``, ``last``: when the chances were told; ``drift``: what became of them (None: too few converted)."""

    first: datetime
    last: datetime
    leads: int
    conversions: int
    drift: Drift | None

    def to_json(self) -> Mapping[str, Any]:
        """Plain values."""
        return {
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "leads": self.leads,
            "conversions": self.conversions,
            "drift": self.drift.to_json() if self.drift else None,
        }


def span(goal: Goal, now: datetime) -> tuple[datetime, datetime] | None:
    """When the chances were told that are judged ``now``; None where outcomes have no date."""
    if goal.timing is not Timing.DATED:
        return None
    end = now - timedelta(days=goal.horizon_days)
    return end - SPAN, end


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
    enough = conversions >= LEAST_CONVERSIONS
    moved = judged(Window.of(rows, np.asarray(logit(chance))), seed) if enough else None
    ends: tuple[Any, Any] = (rows["as_of"].min(), rows["as_of"].max())
    return Cohort(ends[0], ends[1], rows.height, conversions, moved)
