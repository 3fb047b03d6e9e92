"""The base frame: what features are computed from, one line a row, all of it before the row's as_of.

Columns: row, as_of, created_at, email_kind, age_days; ``v:<field>`` texts; counts and recencies of
events (whole numbers and single values only, so that a vector does not depend on its neighbours).
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from scoring.features.declared import (
    DAYS_PER_US,
    WINDOWS_DAYS,
    count_column,
    last_column,
    machine_column,
    value_column,
)
from scoring.features.reading import text
from scoring.features.spec import FeatureSpec
from scoring.timeline import Timeline

ANY = "any"
LONGEST_DAYS = max(WINDOWS_DAYS)


def base_frame(timeline: Timeline, rows: pl.DataFrame, spec: FeatureSpec) -> pl.DataFrame:
    """Gather everything that the declared expressions read, in the order of ``rows``."""
    age = (pl.col("as_of") - pl.col("created_at")).dt.total_microseconds() * DAYS_PER_US
    base = timeline.leads(rows).with_columns(age_days=age)
    names = [field.name for field in spec.fields]
    if names:
        values = timeline.values(rows, names).select("row", *(text(pl.col(n)).alias(value_column(n)) for n in names))
        base = _beside(base, values)
    if spec.kinds or spec.machine_kinds:
        base = _beside(base, _event_counts(timeline, rows, spec))
        base = _zeros(base, ["n:", "m:", "days:", "kinds:", "details:"])
    if spec.companies:
        base = _beside(_beside(base, _company_counts(timeline, rows)), timeline.colleagues(rows))
        base = _zeros(base, ["company:", "colleagues"])
    return base


def _beside(base: pl.DataFrame, extra: pl.DataFrame) -> pl.DataFrame:
    return base.join(extra, on="row", how="left", maintain_order="left")


def _zeros(base: pl.DataFrame, prefixes: Sequence[str]) -> pl.DataFrame:
    counts = [name for name in base.columns if name.startswith(tuple(prefixes))]
    return base.with_columns(pl.col(counts).fill_null(0).cast(pl.Int64))


def _within(days: int) -> pl.Expr:
    return pl.col("ago") <= pl.duration(days=days)


def _event_counts(timeline: Timeline, rows: pl.DataFrame, spec: FeatureSpec) -> pl.DataFrame:
    events = timeline.events(rows, ("lead", "machine"))
    by_lead = pl.col("actor") == "lead"
    sums = [_counts(by_lead, ANY)]
    sums += [_counts(by_lead & (pl.col("kind") == kind), kind) for kind in spec.kinds]
    machine = [
        ((pl.col("actor") == "machine") & (pl.col("kind") == kind) & _within(LONGEST_DAYS))
        .sum()
        .alias(machine_column(kind))
        for kind in spec.machine_kinds
    ]
    return events.group_by("row").agg([expr for group in sums for expr in group] + machine + _breadth(by_lead))


def _counts(chosen: pl.Expr, kind: str) -> list[pl.Expr]:
    windows = [(chosen & _within(days)).sum().alias(count_column(kind, days)) for days in WINDOWS_DAYS]
    whole = chosen.sum().alias(count_column(kind, "all"))
    last = pl.col("ago").filter(chosen).min().dt.total_microseconds() * DAYS_PER_US
    return [*windows, whole, last.alias(last_column(kind))]


def _breadth(by_lead: pl.Expr) -> list[pl.Expr]:
    month, quarter = by_lead & _within(30), by_lead & _within(LONGEST_DAYS)
    return [
        pl.col("at").dt.date().filter(month).n_unique().alias("days:30"),
        pl.col("at").dt.date().filter(quarter).n_unique().alias("days:90"),
        pl.col("kind").filter(month).n_unique().alias("kinds:30"),
        pl.col("detail").filter(month).drop_nulls().n_unique().alias("details:30"),
        pl.col("detail").filter(by_lead).drop_nulls().n_unique().alias("details:all"),
    ]


def _company_counts(timeline: Timeline, rows: pl.DataFrame) -> pl.DataFrame:
    acts = timeline.company_events(rows, LONGEST_DAYS)
    windows = [_within(days).sum().alias(f"company:{days}") for days in (7, 30, LONGEST_DAYS)]
    return acts.group_by("row").agg(windows)
