"""Outcomes of snapshots."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from scoring.schema import History

_DAY_US = 86_400_000_000


def within_horizon(history: History, rows: pl.DataFrame, horizon: timedelta) -> pl.DataFrame:
    """``rows`` with ``label``: did the lead convert in [as_of, as_of + horizon]? And ``delay_days`` until then.

    The population sees what lies strictly before ``as_of``, so the instant itself belongs to the future.
    """
    dated = history.conversions.drop_nulls("at")
    hits = rows.select("row", "lead_id", "as_of").join(dated, on="lead_id")
    span = pl.col("at").is_between(pl.col("as_of"), pl.col("as_of") + horizon)
    days = (pl.col("at") - pl.col("as_of")).dt.total_microseconds() / _DAY_US
    first = hits.filter(span).group_by("row").agg(delay_days=days.min())
    rows = rows.join(first, on="row", how="left", maintain_order="left")
    return rows.with_columns(label=pl.col("delay_days").is_not_null().cast(pl.Int8))


def by_export(history: History, rows: pl.DataFrame) -> pl.DataFrame:
    """``rows`` with ``label``: is the lead known to have converted at all?"""
    hits = rows.select("row", "lead_id").join(history.conversions, on="lead_id")
    label = pl.col("row").is_in(hits["row"].unique().implode()).cast(pl.Int8)
    return rows.with_columns(label=label, delay_days=pl.lit(None, pl.Float64))
