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
from scoring.features.tally import Tally, tally
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
    own = tally(events.filter(by_lead), rows["row"], spec.kinds)
    machine = tally(events.filter(~by_lead), rows["row"], spec.machine_kinds)
    columns = [column for kind in (None, *spec.kinds) for column in _counts(own, kind)]
    columns += [pl.Series(machine_column(kind), machine.count(kind, LONGEST_DAYS)) for kind in spec.machine_kinds]
    breadth = events.filter(by_lead).group_by("row").agg(_breadth())
    return _beside(rows.select("row").with_columns(columns), breadth)


def _counts(own: Tally, kind: str | None) -> list[pl.Series]:
    name = kind or ANY
    windows = [pl.Series(count_column(name, days), own.count(kind, days)) for days in WINDOWS_DAYS]
    whole = pl.Series(count_column(name, "all"), own.count(kind, None))
    return [*windows, whole, own.days_since(kind).alias(last_column(name))]


def _breadth() -> list[pl.Expr]:
    month, quarter = _within(30), _within(LONGEST_DAYS)
    return [
        pl.col("at").dt.date().filter(month).n_unique().alias("days:30"),
        pl.col("at").dt.date().filter(quarter).n_unique().alias("days:90"),
        pl.col("kind").filter(month).n_unique().alias("kinds:30"),
        pl.col("detail").filter(month).drop_nulls().n_unique().alias("details:30"),
        pl.col("detail").drop_nulls().n_unique().alias("details:all"),
    ]


def _company_counts(timeline: Timeline, rows: pl.DataFrame) -> pl.DataFrame:
    acts = timeline.company_events(rows, LONGEST_DAYS)
    windows = [_within(days).sum().alias(f"company:{days}") for days in (7, 30, LONGEST_DAYS)]
    return acts.group_by("row").agg(windows)
