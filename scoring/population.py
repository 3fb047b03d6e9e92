"""Who can be scored at an instant: leads that exist, have not converted and are not excluded."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import polars as pl

from scoring.schema import UTC_TIME, History

CONVERTED = "converted"


def numbered(rows: pl.DataFrame) -> pl.DataFrame:
    """``rows`` with a fresh ``row`` column 0…n-1 in front."""
    kept = [column for column in rows.get_columns() if column.name != "row"]
    # Columns as they are: an expression would cost a single lead as much as it costs a million.
    return pl.DataFrame([pl.Series("row", np.arange(rows.height), pl.Int64), *kept])


def existing(history: History, as_of: datetime) -> pl.DataFrame:
    """Leads created before ``as_of`` (or of unknown date), as rows (row, lead_id, as_of), by creation then id."""
    leads = history.leads.unique("lead_id", keep="first").filter(
        pl.col("created_at").is_null() | (pl.col("created_at") < as_of)
    )
    leads = leads.sort("created_at", "intake_order", "lead_id", nulls_last=True)
    return numbered(leads.select("lead_id", pl.lit(as_of, UTC_TIME).alias("as_of")))


def closed(history: History, rows: pl.DataFrame) -> pl.DataFrame:
    """Why rows are outside the population at their own ``as_of``: row, reason; open rows are absent.

    A conversion without a time counts as having happened. Spans of exclusion start visible only
    when they began before ``as_of``; their null bounds are open.
    """
    known = pl.col("at").is_null() | (pl.col("at") < pl.col("as_of"))
    won = rows.join(history.conversions, on="lead_id").filter(known)
    begun = pl.col("starts_at").is_null() | (pl.col("starts_at") < pl.col("as_of"))
    lasting = pl.col("ends_at").is_null() | (pl.col("ends_at") >= pl.col("as_of"))
    barred = rows.join(history.exclusions, on="lead_id").filter(begun & lasting)
    reasons = pl.concat([won.select("row", reason=pl.lit(CONVERTED)), barred.sort("reason").select("row", "reason")])
    return reasons.unique("row", keep="first", maintain_order=True).sort("row")


def population(history: History, as_of: datetime) -> pl.DataFrame:
    """Every lead that exists at ``as_of``: lead_id, is_open, reason (why it is not scored, else null)."""
    rows = existing(history, as_of)
    known = rows.join(closed(history, rows), on="row", how="left", maintain_order="left")
    return known.select("lead_id", is_open=pl.col("reason").is_null(), reason="reason")


def open_rows(history: History, rows: pl.DataFrame) -> pl.DataFrame:
    """Those of ``rows`` that are in the population at their own ``as_of``, in their order."""
    return rows.join(closed(history, rows), on="row", how="anti", maintain_order="left")
