"""The base frame: what features are computed from, one line a row, all of it before the row's as_of.

Columns: row, as_of, created_at, email_kind, age_days; ``v:<field>`` texts, ``title:<field>`` codes of titles,
``words:<field>`` codes of free text; counts and recencies of events (whole numbers and single values only, so that a
vector does not depend on its neighbours).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import polars as pl

from scoring.features import embedding, frame
from scoring.features.clock import busiest, in_hours
from scoring.features.declared import (
    ANY,
    DAYS_PER_US,
    LONGEST_DAYS,
    WINDOWS_DAYS,
    count_column,
    detail_column,
    first_column,
    last_column,
    machine_column,
    pair_column,
    seller_column,
    since_column,
    title_column,
    value_column,
    words_column,
)
from scoring.features.derived import engagement
from scoring.features.reading import text
from scoring.features.seller import SELLER, SELLER_DAYS
from scoring.features.spec import FeatureSpec
from scoring.features.standing import percentiles
from scoring.features.steps import STEP, code, coded, followed, recoded, steps_of
from scoring.features.tally import Tally, tally, times
from scoring.features.titles import codes
from scoring.features.wording import codes as word_codes
from scoring.features.zones import local, zone
from scoring.schema import FieldType
from scoring.timeline import Timeline, wide

ZONE = "zone"


def base_frame(timeline: Timeline, rows: pl.DataFrame, spec: FeatureSpec) -> pl.DataFrame:
    """Gather everything that the declared expressions read, in the order of ``rows``."""
    age = (pl.col("as_of") - pl.col("created_at")).dt.total_microseconds() * DAYS_PER_US
    base = timeline.leads(rows).with_columns(age_days=age)
    names = [field.name for field in spec.fields]
    if names:
        last = timeline.last(rows, names)
        values = wide(last, rows, names, "value").select("row", *_texts(tuple(names)))
        base = _since(_aligned(base, values), last, rows, spec)
        titled = [field.name for field in spec.fields if field.is_title]
        base = base.with_columns(codes(base[value_column(name)]).alias(title_column(name)) for name in titled)
        worded = [field for field in spec.fields if field.words]
        base = base.with_columns(
            word_codes(base[value_column(field.name)], field.words).alias(words_column(field.name)) for field in worded
        )
    base = _clocked(base, spec)
    if spec.kinds or spec.machine_kinds:
        base = _aligned(base, _event_counts(timeline, rows, base[ZONE], spec))
    if spec.seller_kinds:
        base = _aligned(base, _seller_counts(timeline, rows, spec))
    if spec.companies:
        base = _beside(_beside(base, _company_counts(timeline, base)), timeline.colleagues(base))
        base = _zeros(base, ["company:", "colleagues"])
    return base if spec.standing is None else base.with_columns(percentiles(base, engagement(spec), spec.standing))


@lru_cache(maxsize=32)
def _texts(names: tuple[str, ...]) -> list[pl.Expr]:
    """Trimmed values; made once a model, as making them takes a lead alone as long as using them."""
    return [text(pl.col(name)).alias(value_column(name)) for name in names]


def _since(base: pl.DataFrame, last: pl.DataFrame, rows: pl.DataFrame, spec: FeatureSpec) -> pl.DataFrame:
    """Add the days since dated choices were made."""
    names = [field.name for field in spec.fields if field.dated and field.type is FieldType.CATEGORY]
    if not names:
        return base
    ago = wide(last.filter(pl.col("field").is_in(names)), rows, names, "ago")
    days = (pl.col(name).dt.total_microseconds() * DAYS_PER_US for name in names)
    return _aligned(base, ago.select("row", *(d.alias(since_column(n)) for d, n in zip(days, names, strict=True))))


def _clocked(base: pl.DataFrame, spec: FeatureSpec) -> pl.DataFrame:
    """Add the lead's zone and the clock on its wall when it was created."""
    named = pl.lit(None, pl.String) if spec.zone is None else zone(pl.col(value_column(spec.zone)))
    return local(base.with_columns(named.alias(ZONE), created_local="created_at"), "created_local", ZONE)


def _aligned(base: pl.DataFrame, extra: pl.DataFrame) -> pl.DataFrame:
    """Beside frames of one line a row in the order of the rows."""
    return base.hstack([column for column in extra.get_columns() if column.name != "row"])


def _beside(base: pl.DataFrame, extra: pl.DataFrame) -> pl.DataFrame:
    return base.join(extra, on="row", how="left", maintain_order="left")


def _zeros(base: pl.DataFrame, prefixes: Sequence[str]) -> pl.DataFrame:
    counts = [name for name in base.columns if name.startswith(tuple(prefixes))]
    return base.with_columns(pl.col(counts).fill_null(0).cast(pl.Int64))


def _within(days: int) -> pl.Expr:
    return pl.col("ago") <= pl.duration(days=days)


def _event_counts(timeline: Timeline, rows: pl.DataFrame, zones: pl.Series, spec: FeatureSpec) -> pl.DataFrame:
    events = timeline.events(rows, ("lead", "machine"))
    by_lead = pl.col("actor") == "lead"
    acts = events.filter(by_lead)
    own = tally(acts, rows["row"], spec.kinds)
    machine = tally(events.filter(~by_lead), rows["row"], spec.machine_kinds)
    columns = [column for kind in (None, *spec.kinds) for column in _counts(own, kind)]
    columns += [pl.Series(machine_column(kind), machine.count(kind, LONGEST_DAYS)) for kind in spec.machine_kinds]
    columns += _by_clock(acts, rows[["row"]].hstack([zones]), spec)
    frame = rows[["row"]].hstack([*columns, *_steps(acts, rows, spec)])
    breadth = _beside(rows[["row"]], acts.group_by("row", maintain_order=True).agg(_breadth()))
    return _aligned(frame, _zeros(breadth, ["days:", "kinds:", "details:"]))


def _by_clock(acts: pl.DataFrame, zones: pl.DataFrame, spec: FeatureSpec) -> list[pl.Series]:
    """Count by days of UTC, and by hours of the lead's own zone."""
    recent = acts.filter(_within(LONGEST_DAYS))[["row", "at", "ago"]]
    most = busiest(recent.filter(_within(30)), zones["row"])
    if spec.zone is not None and not recent.is_empty():
        parts = recent.join(zones, on="row").partition_by(ZONE)
        recent = pl.concat([local(part, "at", ZONE) for part in parts])
    office, weekend = in_hours(recent, zones["row"])
    counts = (("busiest:30", most), ("hours:office", office), ("hours:weekend", weekend))
    return [pl.Series(name, found) for name, found in counts]


def _seller_counts(timeline: Timeline, rows: pl.DataFrame, spec: FeatureSpec) -> pl.DataFrame:
    found = tally(timeline.events(rows, (SELLER,)), rows["row"], spec.seller_kinds)
    counts = [
        pl.Series(seller_column(kind, days), found.count(kind, days))
        for kind in spec.seller_kinds
        for days in SELLER_DAYS
    ]
    return rows.select("row").hstack([*counts, found.days_since(None).alias(last_column(SELLER))])


def _steps(acts: pl.DataFrame, rows: pl.DataFrame, spec: FeatureSpec) -> list[pl.Series]:
    """Count the named pages, forms and campaigns, and the orders, in the last 90 days; embed them all."""
    recent = acts.filter(_within(LONGEST_DAYS))
    columns = []
    named = recent
    if spec.embedding.steps:
        whole = code(recent, spec.embedding.steps)
        found = embedding.course(whole, rows, len(spec.embedding.steps))
        columns += embedding.columns(found, rows.height, spec.embedding)
        columns += frame.columns(found, rows.height) if spec.framed else []
        named = recoded(whole, spec)
    elif spec.details or spec.pairs:
        named = coded(recent, spec)
    if spec.details:
        counts = times(named["row"], named[STEP], rows["row"], len(spec.details))
        columns += [pl.Series(detail_column(place), counts[:, place]) for place in range(len(spec.details))]
    if spec.pairs:
        places = {step: place for place, step in enumerate(steps_of(spec))}
        width = len(places)
        codes = [places[first] * width + places[second] for first, second in spec.pairs]
        ordered = followed(named, spec)
        both = (ordered["before"] * width + ordered[STEP]).replace_strict(
            codes, list(range(len(codes))), default=len(codes), return_dtype=pl.Int64
        )
        counts = times(ordered["row"], both, rows["row"], len(codes))
        columns += [pl.Series(pair_column(place), counts[:, place]) for place in range(len(codes))]
    return columns


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
        pl.col("kind").first().alias(first_column()),
    ]


def _company_counts(timeline: Timeline, leads: pl.DataFrame) -> pl.DataFrame:
    acts = timeline.company_events(leads, LONGEST_DAYS)
    windows = [_within(days).sum().alias(f"company:{days}") for days in (7, 30, LONGEST_DAYS)]
    counts = acts.group_by("company_key", "as_of").agg(windows)
    return leads[["row", "company_key", "as_of"]].join(counts, on=["company_key", "as_of"]).drop("company_key", "as_of")
