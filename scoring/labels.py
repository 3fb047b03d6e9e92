"""Outcomes of snapshots."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from scoring.outcomes import NO_OUTCOME, OPEN, OUTCOME
from scoring.population import CONVERTED
from scoring.schema import History

_DAY_US = 86_400_000_000


def within_horizon(history: History, rows: pl.DataFrame, horizon: timedelta) -> pl.DataFrame:
    """``rows`` with ``label``: did the lead convert in [as_of, as_of + horizon]?

    ``delay_days``: how long until then. ``outcome``: see ``outcomes``.

    The population sees what lies strictly before ``as_of``, so the instant itself belongs to the future. Rows whose
    lead left in that time for a reason that says nothing about it are left out.
    """
    spots, until = rows.select("row", "lead_id", "as_of"), pl.col("as_of") + horizon
    hits = spots.join(history.conversions.drop_nulls("at"), on="lead_id")
    hits = hits.filter(pl.col("at").is_between(pl.col("as_of"), until))
    days = (pl.col("at") - pl.col("as_of")).dt.total_microseconds() / _DAY_US
    ends = spots.join(history.exclusions.drop_nulls("starts_at"), on="lead_id")
    ends = ends.filter(pl.col("starts_at").is_between(pl.col("as_of"), until)).sort("row", "starts_at", "reason")
    reasons = ends.group_by("row", maintain_order=True).agg(pl.col("reason").first().alias(OUTCOME))
    rows = rows.join(hits.group_by("row").agg(delay_days=days.min()), on="row", how="left", maintain_order="left")
    rows = rows.join(reasons, on="row", how="left", maintain_order="left")
    return _labelled(rows, pl.col("delay_days").is_not_null()).filter(~pl.col(OUTCOME).is_in(NO_OUTCOME))


def by_export(history: History, rows: pl.DataFrame) -> pl.DataFrame:
    """``rows`` with ``label``: is the lead known to have converted at all? ``delay_days`` is null."""
    hits = rows.select("row", "lead_id").join(history.conversions, on="lead_id")
    rows = rows.with_columns(pl.lit(None, pl.Float64).alias("delay_days"), pl.lit(None, pl.String).alias(OUTCOME))
    return _labelled(rows, pl.col("row").is_in(hits["row"].unique().implode()))


def _labelled(rows: pl.DataFrame, won: pl.Expr) -> pl.DataFrame:
    outcome = pl.when(won).then(pl.lit(CONVERTED)).otherwise(pl.col(OUTCOME).fill_null(OPEN))
    return rows.with_columns(won.cast(pl.Int8).alias("label"), outcome.alias(OUTCOME))
