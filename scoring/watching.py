"""Was an undated value really known from creation? What successive readings of our own have seen since.

A source without a history shows a value, not since when. Once such a field has been read again and again for 30 days,
its changes are dated by those readings, and the assumption can be tested: watched for 30 days from a day after its
creation on (or from the first reading, where the lead is older), a lead should keep what it has; and one that converts
should not be given a value then. A field that fails counts only from when each value was first seen.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any

import polars as pl
from scipy.stats import binomtest

from scoring.schema import READINGS, UTC_TIME, Field, Goal, History, Knowledge, Timing
from scoring.words import in_percent

SPAN = timedelta(days=30)
GRACE = timedelta(days=1)
"""What is entered within a day of creation is known from creation."""
EARLY, LATE = timedelta(hours=1), timedelta(days=7)
"""A change from an hour before a conversion to seven days after it belongs to it."""
AGES_DAYS = (0, 7, 30, 90)
"""Where the classes of age at the beginning of the watch begin."""
_NO_AGE = 1_000_000
LEAST_LEADS, LEAST_CONVERTED = 30, 10
MOVED, MOVED_AT_CONVERSION, HELD_AT_CONVERSION = 0.05, 0.10, 0.20
"""Fails: surely more leads change than these shares. Holds: surely not more than the first and the third."""
CONFIDENCE = 0.90
"""Of the two-sided interval (Wilson): each of its ends is a one-sided bound of 95 %."""


class State(StrEnum):
    """What the watch says of the assumption; ``OPEN``: too few leads to say either."""

    HOLDS = "holds"
    FAILS = "fails"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Class:
    """Leads of an age (days, when the watch of them began): how many, of them changed, filled first and at the end."""

    from_days: int
    leads: int
    changed: int
    filled_first: int
    filled_last: int


@dataclass(frozen=True, slots=True)
class Watched:
    """One field: for how many days it was read, its leads by age, and conversions with a change around them."""

    days: int
    ages: tuple[Class, ...]
    converted: int
    changed_at_conversion: int
    state: State

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self) | {"state": str(self.state)}

    def sentence(self) -> str:
        """What was seen, in words."""
        leads, changed = _sums(self.ages)
        seen = f"{in_percent(changed / max(leads, 1))} of {leads:,} leads changed it within 30 days"
        if self.converted:
            share = in_percent(self.changed_at_conversion / self.converted)
            seen += f", {share} of {self.converted} that converted around their conversion"
        return f"Watched for {self.days} days: {seen}"


def watched(history: History, goal: Goal, as_of: datetime) -> dict[str, Watched]:
    """What is known of every undated field that was read for 30 days; empty where outcomes have no dates."""
    if goal.timing is not Timing.DATED:
        return {}
    found = {}
    for field in history.fields:
        since = field.watched_since
        if field.knowledge is Knowledge.UNDATED and since is not None and as_of - since >= SPAN and not field.system:
            found[field.name] = _watch(history, field.name, since, as_of)
    return found


def failing(found: Mapping[str, Watched]) -> list[str]:
    """The fields that were not known from creation."""
    return sorted(name for name, one in found.items() if one.state is State.FAILS)


def holding(found: Mapping[str, Watched]) -> list[str]:
    """The fields that were seen to be fixed at creation."""
    return sorted(name for name, one in found.items() if one.state is State.HOLDS)


def as_seen(history: History, names: Collection[str]) -> History:
    """``history`` in which the named undated fields count from when each of their values was first read."""
    chosen = {field.name for field in history.fields if field.name in names and field.knowledge is Knowledge.UNDATED}
    if not chosen:
        return history
    moved = history.readings.filter(pl.col("field").is_in(chosen)).select(READINGS.names())
    kept = history.values.filter(~pl.col("field").is_in(chosen))
    fields = tuple(_observed(field) if field.name in chosen else field for field in history.fields)
    return replace(history, values=pl.concat([kept, moved.rename({"at": "known_at"})]), fields=fields)


def told(history: History, found: Mapping[str, Watched]) -> list[str]:
    """For the report's notes: what the failing fields are."""
    labels = {field.name: field.label for field in history.fields}
    return [
        f"“{labels[name]}” was not known from creation. {found[name].sentence()}. It counts only from when each value "
        "was first seen."
        for name in failing(found)
    ]


def _observed(field: Field) -> Field:
    return replace(field, knowledge=Knowledge.DATED, observed=True)


def _watch(history: History, name: str, since: datetime, as_of: datetime) -> Watched:
    seen = history.readings.filter(pl.col("field") == name, pl.col("at") < as_of).sort("lead_id", "at", "value")
    seen = seen.with_columns(before=pl.col("value").shift(1).over("lead_id"))
    changes = seen.filter(pl.col("value").ne_missing(pl.col("before")))
    born = history.leads.unique("lead_id", keep="first").drop_nulls("created_at").filter(pl.col("created_at") < as_of)
    start = pl.max_horizontal(pl.col("created_at") + GRACE, pl.lit(since, UTC_TIME))
    spans = born.select("lead_id", "created_at", start=start)
    whole = spans.filter(pl.col("start") + SPAN <= as_of)
    ages = _by_age(whole, changes)
    wins = history.conversions.drop_nulls("at").group_by("lead_id").agg(won=pl.col("at").min())
    wins = wins.join(spans, on="lead_id").filter(pl.col("won").is_between(pl.col("start"), as_of - LATE))
    around = changes.join(wins, on="lead_id").filter(
        pl.col("at") > pl.col("start"), pl.col("at").is_between(pl.col("won") - EARLY, pl.col("won") + LATE)
    )
    changed = around["lead_id"].n_unique()
    return Watched((as_of - since).days, ages, wins.height, changed, _state(ages, wins.height, changed))


def _by_age(whole: pl.DataFrame, changes: pl.DataFrame) -> tuple[Class, ...]:
    """Count leads by age, those whose value changed during the watch, and those with a value at either end."""
    start, end = pl.col("start"), pl.col("start") + SPAN
    during = changes.join(whole, on="lead_id").filter(pl.col("at") > start, pl.col("at") <= end)
    ends = {}
    for side, moment in {"first": start, "last": end}.items():
        known = changes.join(whole, on="lead_id").filter(pl.col("at") <= moment)
        ends[side] = known.group_by("lead_id").agg(pl.col("value").last()).drop_nulls("value")["lead_id"].implode()
    age = (start - pl.col("created_at")).dt.total_days()
    counted = whole.select(
        age=age,
        changed=pl.col("lead_id").is_in(during["lead_id"].unique().implode()),
        **{f"filled_{side}": pl.col("lead_id").is_in(there) for side, there in ends.items()},
    )
    classes = []
    for low, high in pairwise((*AGES_DAYS, _NO_AGE)):
        part = counted.filter(pl.col("age") >= low, pl.col("age") < high)
        sums = part.select(pl.col("changed", "filled_first", "filled_last").sum()).row(0)
        classes.append(Class(low, part.height, *map(int, sums)))
    return tuple(classes)


def _state(ages: tuple[Class, ...], converted: int, at_conversion: int) -> State:
    groups = [(one.changed, one.leads) for one in ages]
    leads, changed = _sums(ages)
    fails = [_bounds(hits, count)[0] > MOVED for hits, count in [*groups, (changed, leads)] if count >= LEAST_LEADS]
    if converted >= LEAST_CONVERTED:
        fails.append(_bounds(at_conversion, converted)[0] > MOVED_AT_CONVERSION)
    if any(fails):
        return State.FAILS
    held = leads >= LEAST_LEADS and _bounds(changed, leads)[1] <= MOVED
    held &= converted >= LEAST_CONVERTED and _bounds(at_conversion, converted)[1] <= HELD_AT_CONVERSION
    return State.HOLDS if held else State.OPEN


def _sums(ages: tuple[Class, ...]) -> tuple[int, int]:
    return sum(one.leads for one in ages), sum(one.changed for one in ages)


def _bounds(hits: int, count: int) -> tuple[float, float]:
    found = binomtest(hits, count).proportion_ci(CONFIDENCE, method="wilson")
    return float(found.low), float(found.high)
