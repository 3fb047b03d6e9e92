"""Lines made of counts and of times, and the sentences for those that are too few to say anything."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl

from connector.services.kpis.shapes import Line, Unit

LEAST_LEADS = 30
"""Leads below which a share is not told: its interval would be wider than anybody can use."""
LEAST_TIMES = 10
"""Times below which no median is told, and leads below which no price of one is."""


def too_few(leads: int, least: int, what: str = "lead") -> str:
    """Return the sentence for too few."""
    return f"Too few to say: {leads} {what}{'' if leads == 1 else 's'} so far, {least} are needed."


def share(label: str, hits: int, leads: int) -> Line:
    """Return a share of leads with its interval, or that they are too few."""
    if leads < LEAST_LEADS:
        return Line(label, Unit.SHARE, leads, missing=too_few(leads, LEAST_LEADS))
    # Imported here: whoever only reads figures needs no library of statistics.
    from scoring.rates import wilson

    low, high = wilson(hits, leads)
    return Line(label, Unit.SHARE, leads, hits / leads, low, high)


def median(label: str, times: pl.Series, unit: Unit) -> Line:
    """Return the median of durations with their quartiles, or that they are too few."""
    count = times.len()
    if count < LEAST_TIMES:
        return Line(label, unit, count, missing=too_few(count, LEAST_TIMES))
    length = 86_400.0 if unit is Unit.DAYS else 3_600.0
    low, middle, high = (
        float(times.dt.total_seconds().quantile(part, "linear") or 0.0) / length for part in (0.25, 0.5, 0.75)
    )
    return Line(label, unit, count, middle, low, high)


def between(column: str, start: datetime, end: datetime) -> pl.Expr:
    """Whether a time lies in [start, end)."""
    return (pl.col(column) >= start) & (pl.col(column) < end)


def within(column: str, start: str, length: timedelta) -> pl.Expr:
    """Whether a time lies within ``length`` after another one; not where it is unknown."""
    return ((pl.col(column) >= pl.col(start)) & (pl.col(column) <= pl.col(start) + length)).fill_null(value=False)


def first_after(begun: pl.DataFrame, start: str, happened: pl.DataFrame, found: str) -> pl.DataFrame:
    """Add to each lead the first time ``at`` of what happened at or after ``start``, null where nothing did."""
    later = happened.join(begun[["lead_id", start]], on="lead_id").filter(pl.col("at") >= pl.col(start))
    first = later.group_by("lead_id").agg(pl.col("at").min().alias(found))
    return begun.join(first, on="lead_id", how="left")
