"""What events are called when their order is read: a page, form or campaign that many leads meet, else their kind.

Only names that recur over the whole time are kept: a campaign of last spring says nothing about next winter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from scoring.features import embedding
from scoring.features.spec import FeatureSpec, Step
from scoring.timeline import Timeline

MAX_DETAILS, MAX_PAIRS, MAX_EMBEDDED = 12, 15, 60
MIN_LEADS, MIN_SHARE = 30, 0.01
"""A name or an order is kept that at least so many leads, and this share of those with events, have."""
MIN_MONTHS_SHARE = 0.5
"""… in at least this share of the months in which anything happened."""
TOGETHER_DAYS = 30
"""Two events follow each other when no more days than these lie between."""

STEP = embedding.STEP
_GAP = pl.duration(days=TOGETHER_DAYS)


def learn(timeline: Timeline, rows: pl.DataFrame, spec: FeatureSpec) -> FeatureSpec:
    """Return ``spec`` with the names, orders and embedding of the events before each lead's last row."""
    if not spec.kinds:
        return spec
    last = rows.group_by("lead_id", maintain_order=True).last()
    events = timeline.events(last, ("lead",))
    names = _frequent(events.drop_nulls("detail"), ["kind", "detail"], MAX_EMBEDDED)
    steps = [*names, *((kind, None) for kind in spec.kinds)]
    named = replace(
        spec, details=tuple(names[:MAX_DETAILS]), embedding=embedding.learn(code(events, steps), last, steps)
    )
    pairs = _frequent(followed(coded(events, named), named), ["before", STEP], MAX_PAIRS)
    known = steps_of(named)
    return replace(named, pairs=tuple((known[first], known[second]) for first, second in pairs))


def steps_of(spec: FeatureSpec) -> list[Step]:
    """Return every step of a spec; its place is its code. The last one is any other kind."""
    return [*spec.details, *((kind, None) for kind in spec.kinds)]


def coded(events: pl.DataFrame, spec: FeatureSpec) -> pl.DataFrame:
    """Return ``events`` with the code of their step; kinds unseen in training have the last one and mean nothing."""
    return code(events, steps_of(spec))


def code(events: pl.DataFrame, steps: Sequence[Step]) -> pl.DataFrame:
    """Return ``events`` with the place of their step among ``steps``, which are named ones, then whole kinds."""
    named = [step for step in steps if step[1] is not None]
    kinds = pl.Enum([kind for kind, detail in steps if detail is None])
    whole = pl.col("kind").cast(kinds, strict=False).to_physical().cast(pl.Int64)
    by_kind = (whole + len(named)).fill_null(len(steps))
    if not named:
        return events.with_columns(by_kind.alias(STEP))
    table = pl.DataFrame(
        {
            "kind": [kind for kind, _ in named],
            "detail": [detail for _, detail in named],
            "named": range(len(named)),
        },
        schema={"kind": pl.String, "detail": pl.String, "named": pl.Int64},
    )
    joined = events.join(table, on=["kind", "detail"], how="left", maintain_order="left")
    return joined.with_columns(pl.coalesce("named", by_kind).alias(STEP)).drop("named")


def recoded(events: pl.DataFrame, spec: FeatureSpec) -> pl.DataFrame:
    """Return ``events``, coded by the embedding's steps, with the codes that ``coded`` would give.

    Coding by whole numbers costs a single lead a third of what coding by texts does.
    """
    index = {step: place for place, step in enumerate(steps_of(spec))}
    known = [index.get((kind, detail), index.get((kind, None), len(index))) for kind, detail in spec.embedding.steps]
    table = np.array([*known, len(index)], dtype=np.int64)
    return events.with_columns(pl.Series(STEP, table[events[STEP].to_numpy()]))


def followed(events: pl.DataFrame, spec: FeatureSpec) -> pl.DataFrame:
    """Return those ``coded`` events that follow another step of the same row within TOGETHER_DAYS, with its code."""
    known = events.filter(pl.col(STEP) < len(steps_of(spec)))
    after = known.with_columns(
        before=pl.col(STEP).shift(1), row_before=pl.col("row").shift(1), gap=pl.col("ago").shift(1) - pl.col("ago")
    )
    same = (pl.col("row") == pl.col("row_before")) & (pl.col("before") != pl.col(STEP)) & (pl.col("gap") <= _GAP)
    return after.filter(same).select("row", "at", "ago", "before", STEP)


def _frequent(events: pl.DataFrame, names: Sequence[str], most: int) -> list[tuple[Any, Any]]:
    """Return the combinations of ``names`` that recur among leads and over time, the most widespread first."""
    if events.is_empty():
        return []
    month = pl.col("at").dt.truncate("1mo")
    months = events.select(month.n_unique()).item()
    least = max(MIN_LEADS, MIN_SHARE * events["row"].n_unique())
    counts = events.group_by(names).agg(leads=pl.col("row").n_unique(), months=month.n_unique())
    kept = counts.filter(pl.col("leads") >= least, pl.col("months") >= MIN_MONTHS_SHARE * months)
    ranked = kept.sort(["leads", *names], descending=[True] + [False] * len(names)).head(most)
    return [(row[names[0]], row[names[1]]) for row in ranked.iter_rows(named=True)]
