"""Outcomes of snapshots."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from scoring.outcomes import NO_OUTCOME, OPEN, OUTCOME
from scoring.population import CONVERTED
from scoring.schema import History


def within_horizon(history: History, rows: pl.DataFrame, horizon: timedelta) -> pl.DataFrame:
    """``rows`` with ``label``: did the lead convert in [as_of, as_of + horizon]? And ``outcome`` (see ``outcomes``).

    The population sees what lies strictly before ``as_of``, so the instant itself belongs to the future. Rows whose
    lead left in that time for a reason that says nothing about it are left out.
    """
    spots = rows.select("row", "lead_id", "as_of")
    hits = spots.join(history.conversions.drop_nulls("at"), on="lead_id")
    ends = spots.join(history.exclusions.drop_nulls("starts_at"), on="lead_id")
    until = pl.col("as_of") + horizon
    ended = ends.filter(pl.col("starts_at").is_between(pl.col("as_of"), until)).sort("row", "starts_at", "reason")
    reasons = ended.group_by("row", maintain_order=True).agg(pl.col("reason").first().alias(OUTCOME))
    rows = rows.join(reasons, on="row", how="left", maintain_order="left")
    rows = _labelled(rows, hits.filter(pl.col("at").is_between(pl.col("as_of"), until)))
    return rows.filter(~pl.col(OUTCOME).is_in(NO_OUTCOME))


def by_export(history: History, rows: pl.DataFrame) -> pl.DataFrame:
    """``rows`` with ``label``: is the lead known to have converted at all? And ``outcome``."""
    rows = rows.with_columns(pl.lit(None, pl.String).alias(OUTCOME))
    return _labelled(rows, rows.select("row", "lead_id").join(history.conversions, on="lead_id"))


def _labelled(rows: pl.DataFrame, hits: pl.DataFrame) -> pl.DataFrame:
    won = pl.col("row").is_in(hits["row"].unique().implode())
    outcome = pl.when(won).then(pl.lit(CONVERTED)).otherwise(pl.col(OUTCOME).fill_null(OPEN))
    return rows.with_columns(won.cast(pl.Int8).alias("label"), outcome.alias(OUTCOME))
