"""What became of leads that reached a score: how many of them converted, and how many of all conversions they were.

A lead counts once for a threshold: at the first snapshot of the window at which it reached it, since that is when
sales would have been told; a lead that never did, at its first one. Snapshots are those that judge a model, newer than
all that it has learned from. Intervals are Wilson's at 95 % over the effective number of leads (Kish 1965), at most
that of the companies: leads of one company share their fate.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from scoring.bands import wilson
from scoring.evaluation import resampled_together
from scoring.metrics import Floats
from scoring.scoremap import ScoreMap
from scoring.tiers import Tenths, Tiers

POINTS = 60
LEAST_LEADS = 10
"""Thresholds that fewer leads reached are not told of."""


def thresholds(rows: pl.DataFrame, log_odds: Floats, score_map: ScoreMap, tiers: Tiers) -> dict[str, Any]:
    """Return the ``points`` of rising ``tenths`` of judged snapshot ``rows`` with their calibrated log-odds.

    Each has ``leads`` that reached the threshold (``won`` of them converted), and ``precision`` (their rate), ``rest``
    (the rate of all others) and ``found`` (the share of all conversions among them) as {value, low, high}.
    ``base`` is the score map's, ``high`` the threshold of the High-Intent band of the model that serves.
    """
    tenths = score_map.tenths(log_odds)
    judged = rows.select("lead_id", "weight", label=pl.col("label").cast(pl.Float64)).with_columns(
        pl.Series("tenths", tenths), pl.Series("company", resampled_together(rows) if rows.height else [])
    )
    points = [found for cut in _cuts(tenths) if (found := _at(judged, cut)) is not None]
    return {"points": points, "base": score_map.base, "high": tiers.high}


def _cuts(tenths: Tenths) -> list[int]:
    """Scores that rising shares of the rows reach, closer to each other at the top."""
    if not tenths.size:
        return []
    falling = np.sort(tenths)[::-1]
    places = np.geomspace(1, tenths.size, POINTS).astype(np.int64) - 1
    return [int(cut) for cut in np.unique(falling[places])]


def _at(judged: pl.DataFrame, cut: int) -> dict[str, Any] | None:
    reached = judged.filter(pl.col("tenths") >= cut).unique("lead_id", keep="first", maintain_order=True)
    if reached.height < LEAST_LEADS:
        return None
    others = judged.join(reached, on="lead_id", how="anti").unique("lead_id", keep="first", maintain_order=True)
    both = pl.concat([reached.with_columns(among=pl.lit(1.0)), others.with_columns(among=pl.lit(0.0))])
    return {
        "tenths": cut,
        "leads": reached.height,
        "won": int(reached["label"].sum()),
        "precision": _rate(reached, "label"),
        "rest": _rate(others, "label"),
        "found": _rate(both.filter(pl.col("label") > 0), "among"),
    }


def _rate(part: pl.DataFrame, column: str) -> dict[str, float] | None:
    """The weighted share of a column of zeros and ones; None of no rows."""
    if part.is_empty():
        return None
    weight = part["weight"].to_numpy()
    size = min(float(weight.sum() ** 2 / (weight**2).sum()), float(part["company"].n_unique()))
    rate = min(float(weight @ part[column].to_numpy() / weight.sum()), 1.0)
    low, high = wilson(rate, size)
    return {"value": round(rate, 6), "low": round(min(low, rate), 6), "high": round(max(high, rate), 6)}
