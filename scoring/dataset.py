"""Training snapshots: which (lead, as_of) rows a model learns from, with labels and weights.

``DATED`` sources: a grid of past dates over the leads open at each, every 14 days (30 where the
history is longer than 400 days); where a source has no engagement events, also ages 0, 7, 14, 30
and 60 days while open. Only matured rows (as_of + horizon has passed). ``CREATED``: one row at
creation, leads younger than the maturity age dropped. ``ORDERED``: as ``CREATED`` without any date.
Age 0 means one minute after creation, so that what was entered at creation is visible.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from scoring.labels import by_export, within_horizon
from scoring.outcomes import OUTCOME
from scoring.population import numbered, open_rows
from scoring.schema import UTC_TIME, Goal, History, Timing

INTAKE = timedelta(minutes=1)
AGES_DAYS = (0, 7, 14, 30, 60)
MAX_ROWS = 60_000
MAX_DATES = 60
MAX_YOUNG = 15_000
SHORT_STEP_DAYS, LONG_STEP_DAYS, LONG_SPAN_DAYS = 14, 30, 400

_DAY_US = 86_400_000_000


def serving_rows(history: History, rows: pl.DataFrame, timing: Timing) -> pl.DataFrame:
    """``rows`` with the ``as_of`` that features are made for: now for ``DATED``, else at intake."""
    if timing is Timing.DATED:
        return rows
    if timing is Timing.ORDERED:
        return rows.with_columns(as_of=pl.lit(None, UTC_TIME))
    created = rows.join(history.leads.select("lead_id", "created_at"), on="lead_id", how="left", maintain_order="left")
    return created.with_columns(as_of=pl.min_horizontal("as_of", pl.col("created_at") + INTAKE)).drop("created_at")


def until(history: History, as_of: datetime) -> History:
    """``history`` without leads, conversions, amounts and exclusions that began at ``as_of`` or later."""
    born = pl.col("created_at").is_null() | (pl.col("created_at") < as_of)
    done = pl.col("at").is_null() | (pl.col("at") < as_of)
    begun = pl.col("starts_at").is_null() | (pl.col("starts_at") < as_of)
    return replace(
        history,
        leads=history.leads.filter(born),
        conversions=history.conversions.filter(done),
        exclusions=history.exclusions.filter(begun),
        amounts=history.amounts.filter(done),
    )


def snapshots(history: History, goal: Goal, *, as_of: datetime, seed: int) -> pl.DataFrame:
    """All matured training rows, oldest first.

    Columns: row, lead_id, as_of, order (µs or intake order: what time splits cut), label, weight,
    age_days (null where no date is known), company_key, outcome (converted, open, or why the lead was closed),
    delay_days (from ``as_of`` to the conversion; null where there is none within the horizon, or it has no date).
    """
    history = until(history, as_of)
    rows = _dated(history, goal, as_of) if goal.timing is Timing.DATED else _intake(history, goal, as_of)
    return _finished(history, rows, goal, seed, MAX_ROWS)


def young_snapshots(history: History, goal: Goal, *, as_of: datetime, seed: int, seen_days: float) -> pl.DataFrame:
    """Rows of the same columns whose horizon has not passed, but ``seen_days`` have (``DATED``, else none).

    ``label`` and ``delay_days`` tell what is known so far.
    """
    history = until(history, as_of)
    if goal.timing is not Timing.DATED:
        return _finished(history, _intake(history, goal, as_of).clear(), goal, seed, MAX_YOUNG)
    horizon, seen = timedelta(days=goal.horizon_days), timedelta(days=seen_days)
    rows = _spots(history, as_of - horizon, as_of - seen)
    rows = numbered(open_rows(history, rows.filter(pl.col("as_of") + horizon > as_of)))
    return _finished(history, within_horizon(history, rows, horizon), goal, seed, MAX_YOUNG)


def _finished(history: History, rows: pl.DataFrame, goal: Goal, seed: int, most: int) -> pl.DataFrame:
    leads = history.leads.unique("lead_id", keep="first").select("lead_id", "created_at", "intake_order", "company_key")
    rows = rows.join(leads, on="lead_id", how="left")
    order = "intake_order" if goal.timing is Timing.ORDERED else "as_of"
    rows = rows.with_columns(
        order=pl.col(order).to_physical().fill_null(0),
        age_days=(pl.col("as_of") - pl.col("created_at")).dt.total_microseconds() / _DAY_US,
    )
    rows = numbered(capped(rows.sort("order", "lead_id", "as_of"), seed, most))
    columns = ("row", "lead_id", "as_of", "order", "label", "weight", "age_days", "company_key", OUTCOME, "delay_days")
    return rows.select(columns)


def grid_dates(first: datetime, last: datetime, end: datetime | None = None) -> list[datetime]:
    """Dates from ``last`` back to ``first``, oldest first, then on in the same step until ``end``."""
    step = timedelta(days=SHORT_STEP_DAYS if (last - first).days <= LONG_SPAN_DAYS else LONG_STEP_DAYS)
    count = min(MAX_DATES, max(0, (last - first) // step) + 1)
    later = max(0, ((end or last) - last) // step)
    return [last + step * index for index in range(1 - count, later + 1)]


def _dated(history: History, goal: Goal, as_of: datetime) -> pl.DataFrame:
    horizon = timedelta(days=goal.horizon_days)
    rows = _spots(history, as_of - horizon, as_of - horizon)
    return within_horizon(history, numbered(open_rows(history, rows)), horizon)


def _spots(history: History, last: datetime, end: datetime) -> pl.DataFrame:
    """Leads and dates until ``end``, open or not; the grid is anchored at ``last``."""
    undated = history.conversions.filter(pl.col("at").is_null()).select("lead_id")
    leads = (
        history.leads.unique("lead_id", keep="first").drop_nulls("created_at").join(undated, on="lead_id", how="anti")
    )
    spots = [_grid(leads, last, end)]
    if history.events.is_empty():
        spots.extend(_at_age(leads, days) for days in AGES_DAYS)
    rows = numbered(pl.concat(spots).unique().sort("as_of", "lead_id"))
    return numbered(rows.filter(pl.col("as_of") <= end))


def _grid(leads: pl.DataFrame, last: datetime, end: datetime) -> pl.DataFrame:
    born = leads.select("lead_id", "created_at").filter(pl.col("created_at") < end)
    if born.is_empty():
        return pl.DataFrame(schema={"lead_id": pl.Int64, "as_of": UTC_TIME})
    first = born.select(pl.col("created_at").min()).item()
    dates = pl.DataFrame({"as_of": grid_dates(first, last, end)}, schema={"as_of": UTC_TIME})
    rows = born.join(dates, how="cross").filter(pl.col("created_at") < pl.col("as_of"))
    return rows.select("lead_id", "as_of")


def _at_age(leads: pl.DataFrame, days: int) -> pl.DataFrame:
    return leads.select("lead_id", as_of=pl.col("created_at") + (timedelta(days=days) or INTAKE))


def _intake(history: History, goal: Goal, as_of: datetime) -> pl.DataFrame:
    leads = history.leads.unique("lead_id", keep="first")
    if goal.timing is Timing.CREATED:
        leads = leads.filter(pl.col("created_at") + timedelta(days=goal.maturity_days) <= as_of)
    rows = numbered(leads.select("lead_id", pl.lit(as_of, UTC_TIME).alias("as_of")))
    rows = serving_rows(history, rows, goal.timing)
    # An undated outcome says nothing about when a converted lead was excluded: most often because it converted.
    spans = history.exclusions.join(history.conversions, on="lead_id", how="anti")
    before = replace(history, conversions=history.conversions.clear(), exclusions=spans)
    return by_export(history, numbered(open_rows(before, rows)))


def capped(rows: pl.DataFrame, seed: int, most: int) -> pl.DataFrame:
    """At most about ``most`` rows: all positives, a random share of the rest weighted back."""
    weighted = rows.with_columns(weight=pl.lit(1.0))
    negatives = rows.height - int(rows["label"].sum())
    room = max(most - (rows.height - negatives), most // 4)
    if negatives <= room:
        return weighted
    rate = room / negatives
    kept = np.random.default_rng(seed).random(rows.height) < rate
    positive = pl.col("label") == 1
    weighted = weighted.with_columns(weight=pl.when(positive).then(1.0).otherwise(1.0 / rate))
    return weighted.filter(positive | pl.Series(kept))
