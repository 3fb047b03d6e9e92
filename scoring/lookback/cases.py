"""The newest leads whose end is known, and the instants before it at which they are looked at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from scoring.outcomes import NO_OUTCOME
from scoring.population import CONVERTED, numbered, open_rows
from scoring.schema import Goal, History

MOST = 50
"""So many wins, and so many losses."""
DAYS = (60, 30, 7)
"""How long before the end a lead is looked at."""
HORIZON_PASSED = "horizon passed"
"""How a lead ended that was open for a whole horizon and has not converted since either."""

_SOONEST = timedelta(days=min(DAYS))
_LONGEST = timedelta(days=max(DAYS) + min(DAYS))
"""A short horizon alone would show losses in their first days only, when every lead is promising."""


@dataclass(frozen=True, slots=True)
class Cases:
    """``ends``: lead_id, won, outcome, ended_at, the newest first. ``quick``: so many newer wins came within a week of
    the lead's creation, too soon for anybody to look."""

    ends: pl.DataFrame
    quick: int

    def spots(self, history: History) -> pl.DataFrame:
        """Rows (row, lead_id, as_of, days_before) at which the leads were there and open, oldest first."""
        born = history.leads.unique("lead_id", keep="first").select("lead_id", "created_at")
        days = pl.DataFrame({"days_before": DAYS}, schema={"days_before": pl.Int64})
        rows = self.ends.join(born, on="lead_id").join(days, how="cross")
        rows = rows.with_columns(as_of=pl.col("ended_at") - pl.duration(days="days_before"))
        rows = rows.filter(pl.col("created_at") < pl.col("as_of")).sort("as_of", "lead_id")
        return numbered(open_rows(history, numbered(rows.select("lead_id", "as_of", "days_before"))))


def newest(history: History, goal: Goal, as_of: datetime) -> Cases:
    """The MOST newest wins and losses by ``as_of``, of leads that were there for a week.

    A win ends with its first conversion. A loss has never converted: it ends when it was closed, or when a whole
    horizon had passed since its creation, and as many days as it takes to look three times. Who was left out without
    a conversion, for a reason that says nothing (a colleague, a test), is neither.
    """
    leads = history.leads.unique("lead_id", keep="first").drop_nulls("created_at").select("lead_id", "created_at")
    undated = history.conversions.filter(pl.col("at").is_null()).select("lead_id")
    nothing = history.exclusions.filter(pl.col("reason").is_in(NO_OUTCOME)).select("lead_id")
    leads = leads.join(undated, on="lead_id", how="anti")
    first = history.conversions.group_by("lead_id").agg(ended_at=pl.col("at").min())
    won = leads.join(first, on="lead_id").filter(pl.col("ended_at") < as_of).with_columns(outcome=pl.lit(CONVERTED))
    horizon = max(timedelta(days=goal.horizon_days), _LONGEST)
    rest = leads.join(won, on="lead_id", how="anti").join(nothing, on="lead_id", how="anti")
    lost = _lost(history, rest, horizon, as_of)
    wins, quick = _some(won)
    losses, _ = _some(lost)
    parts = [part.with_columns(won=pl.lit(value)) for part, value in ((wins, True), (losses, False))]
    return Cases(pl.concat([part.select("lead_id", "won", "outcome", "ended_at") for part in parts]), quick)


def _lost(history: History, leads: pl.DataFrame, horizon: timedelta, as_of: datetime) -> pl.DataFrame:
    closed = history.exclusions.drop_nulls("starts_at").filter(pl.col("starts_at") < as_of)
    closed = closed.sort("starts_at", "reason").unique("lead_id", keep="first", maintain_order=True)
    found = leads.join(closed.select("lead_id", "starts_at", "reason"), on="lead_id", how="left")
    passed = pl.col("created_at") + horizon
    early = pl.col("starts_at") < passed
    found = found.with_columns(
        ended_at=pl.when(early).then(pl.col("starts_at")).otherwise(passed),
        outcome=pl.when(early).then(pl.col("reason")).otherwise(pl.lit(HORIZON_PASSED)),
    )
    return found.filter(pl.col("ended_at") < as_of)


def _some(ended: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """The newest ones that were there for a week, and how many newer ones were not."""
    ranked = ended.sort(["ended_at", "lead_id"], descending=True)
    slow = pl.col("ended_at") - pl.col("created_at") > _SOONEST
    chosen = ranked.filter(slow).head(MOST)
    since = chosen["ended_at"].min() if chosen.height == MOST else None
    quick = ranked.filter(~slow) if since is None else ranked.filter(~slow, pl.col("ended_at") >= since)
    return chosen, quick.height
