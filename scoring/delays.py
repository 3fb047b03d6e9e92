"""How long conversions take, from creation: what a horizon leaves out.

The curve is that of Kaplan and Meier (1958): leads that have not converted yet count for as long as they were seen,
so that a young history does not look faster than it is.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import polars as pl

from scoring.schema import UTC_TIME, Goal, History, Timing

POINTS = 60
LEAST_AT_RISK = 20
"""The curve ends where fewer leads than these are left to be seen: its tail would be luck."""
MIN_CONVERSIONS = 5
HORIZONS = (7, 14, 30, 60, 90, 180, 365)
"""Horizons that people speak in, in days."""
ENOUGH = 0.8
"""The suggested horizon catches at least this share of the conversions that are to be expected."""
_DAY_US = 86_400_000_000


def delay_curve(history: History, goal: Goal, as_of: datetime) -> dict[str, Any] | None:
    """Shares of leads converted by days since creation; None where outcomes have no date, or too few came.

    ``points``: (days, share converted); ``quantiles``: days by which 50, 80 and 90 % of the conversions seen had come;
    ``within_horizon``: the curve at the horizon, over its end. ``suggested``: the least horizon that catches enough
    (ENOUGH) of what is to be expected, and the share that it catches; None where none of the usual ones does.
    """
    if goal.timing is not Timing.DATED:
        return None
    won = history.conversions.filter(pl.col("at") < as_of).group_by("lead_id").agg(won=pl.col("at").min())
    leads = history.leads.unique("lead_id", keep="first").filter(pl.col("created_at") < as_of)
    undated = history.conversions.filter(pl.col("at").is_null()).select("lead_id")
    leads = leads.join(won, on="lead_id", how="left").join(undated, on="lead_id", how="anti")
    end = pl.coalesce("won", pl.lit(as_of, UTC_TIME))
    days = leads.select((end - pl.col("created_at")).dt.total_microseconds() / _DAY_US).to_series().to_numpy()
    came = leads["won"].is_not_null().to_numpy()
    if int(came.sum()) < MIN_CONVERSIONS:
        return None
    return _curve(np.maximum(days, 0.0), came, goal.horizon_days)


def _curve(days: np.ndarray, came: np.ndarray, horizon: int) -> dict[str, Any]:
    order = np.argsort(days, kind="stable")
    days, came = days[order], came[order]
    at_risk = len(days) - np.arange(len(days))
    kept = at_risk >= min(LEAST_AT_RISK, len(days))
    share = 1.0 - np.cumprod(1.0 - came[kept] / at_risk[kept])
    known = days[kept]
    places = np.linspace(0.0, float(known[-1]), POINTS)
    reached = [float(share[index - 1]) if index else 0.0 for index in np.searchsorted(known, places, side="right")]
    caught = {days: _caught(known, share, days) for days in (*HORIZONS, horizon)}
    enough = next((days for days in HORIZONS if caught[days] >= ENOUGH), None)
    delays = days[came]
    return {
        "points": [[round(float(x), 2), round(y, 6)] for x, y in zip(places, reached, strict=True)],
        "leads": len(days),
        "conversions": len(delays),
        "quantiles": {str(q): round(float(np.quantile(delays, q / 100)), 2) for q in (50, 80, 90)},
        "horizon_days": horizon,
        "within_horizon": caught[horizon],
        "suggested": None if enough is None else {"days": enough, "share": caught[enough]},
    }


def _caught(known: np.ndarray, share: np.ndarray, days: int) -> float:
    """The curve after ``days``, over its end."""
    place = int(np.searchsorted(known, days, side="right"))
    return round(float(share[place - 1]) / float(share[-1]), 4) if place and share[-1] else 0.0
