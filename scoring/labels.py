"""Outcomes of snapshots."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from scoring.schema import History


def within_horizon(history: History, rows: pl.DataFrame, horizon: timedelta) -> pl.DataFrame:
    """``rows`` with ``label``: did the lead convert in [as_of, as_of + horizon]?

    The population sees what lies strictly before ``as_of``, so the instant itself belongs to the future.
    """
    dated = history.conversions.drop_nulls("at")
    hits = rows.select("row", "lead_id", "as_of").join(dated, on="lead_id")
    span = pl.col("at").is_between(pl.col("as_of"), pl.col("as_of") + horizon)
    return _labelled(rows, hits.filter(span))


def by_export(history: History, rows: pl.DataFrame) -> pl.DataFrame:
    """``rows`` with ``label``: is the lead known to have converted at all?"""
    return _labelled(rows, rows.select("row", "lead_id").join(history.conversions, on="lead_id"))


def _labelled(rows: pl.DataFrame, hits: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(label=pl.col("row").is_in(hits["row"].unique().implode()).cast(pl.Int8))
