"""What became of leads beside converting: being closed for a reason is an outcome of its own, not a mere absence.

The chance that is learned is the cumulative incidence of conversion within the horizon (Fine and Gray 1999): a lead
that is disqualified first does not convert, and counts as such. That it was closed, and why, is told apart from leads
that are still open, over all rows and among those that the model ranks highest.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from scoring.metrics import Floats

OPEN, OUTCOME = "open", "outcome"
NO_OUTCOME = ("customer", "employee", "test", "duplicate")
"""Reasons that say nothing about whether the lead would have converted: their rows are not learned from."""


def told(rows: pl.DataFrame) -> dict[str, Any]:
    """By outcome of ``rows`` (lead_id, outcome, weight): how many leads had it, and the weighted share of the rows."""
    whole = float(rows["weight"].sum())
    if not whole:
        return {}
    found = rows.group_by(OUTCOME).agg(leads=pl.col("lead_id").n_unique(), share=pl.col("weight").sum() / whole)
    ranked = found.sort([pl.col("share"), pl.col(OUTCOME)], descending=[True, False])
    return {name: {"leads": leads, "share": round(share, 6)} for name, leads, share in ranked.iter_rows()}


def among_highest(rows: pl.DataFrame, log_odds: Floats, share: float) -> dict[str, Any]:
    """The same of the ``share`` of ``rows`` with the highest log-odds."""
    order = np.argsort(-log_odds, kind="stable")
    reached = np.cumsum(rows["weight"].to_numpy()[order])
    count = int(np.searchsorted(reached, share * reached[-1], side="left")) + 1 if len(reached) else 0
    return told(rows[np.sort(order[:count])])
