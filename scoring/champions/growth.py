"""How many conversions there are to learn from: what grew since a training is a reason for the next."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl

from scoring.schema import Goal, History, Timing


def matured_conversions(history: History, goal: Goal, as_of: datetime) -> int:
    """Leads that had converted by ``as_of`` and are so old that a snapshot of them has matured, or of unknown age."""
    known = history.conversions.filter(pl.col("at").is_null() | (pl.col("at") < as_of))["lead_id"].unique()
    converted = history.leads.filter(pl.col("lead_id").is_in(known.implode()))
    if goal.timing is not Timing.ORDERED:
        days = goal.horizon_days if goal.timing is Timing.DATED else goal.maturity_days
        created = pl.col("created_at")
        converted = converted.filter(created.is_null() | (created <= as_of - timedelta(days=days)))
    return converted["lead_id"].n_unique()
