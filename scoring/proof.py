"""Proven leaks: fields that mean the outcome, and dated fields that change when it happens."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from scoring.leakage import Changed, Evidence, FieldVerdict, Filled, Verdict
from scoring.schema import UTC_TIME, Field, History, Knowledge
from scoring.timeline import Timeline
from scoring.words import in_percent

AFTER, BEFORE = timedelta(days=7), timedelta(days=7)
EARLY = timedelta(hours=1)
"""Changes from one hour before a conversion (both may be saved together) to seven days after it."""
MIN_CASES = 4
MIN_EXCESS = 0.08
MIN_RATIO = 2.0
DEVIATION = 3.0
"""Standard errors of a Poisson count by which the changes must exceed those to be expected."""
_DAY_US = 86_400_000_000

Floats = npt.NDArray[np.float64]


def proven(timeline: Timeline, history: History, as_of: datetime) -> list[FieldVerdict]:
    """Verdicts on system and own fields and on dated fields that give the outcome away.

    A dated field is proven when the share of converted leads that see it change around their conversion exceeds
    what is to be expected by 8 percentage points, by its double and by three standard errors. To be expected is
    the greater of the same leads' rate in the week before (engaged leads change often) and that of unconverted
    leads at the same age (some fields fill in soon after creation).
    """
    meant = [_by_meaning(field) for field in timeline.fields.values() if field.system or field.own]
    dated = dated_fields(timeline)
    evidence = dated_evidence(timeline, history, as_of)
    found = [(dated[name], seen) for name, seen in sorted(evidence.items()) if seen.changed and _gathers(seen.changed)]
    return meant + [_by_change(field, seen) for field, seen in found]


def dated_fields(timeline: Timeline) -> dict[str, Field]:
    """Fields whose changes are dated and that models might use."""
    return {
        field.name: field
        for field in timeline.fields.values()
        if field.knowledge is Knowledge.DATED and not (field.system or field.own or field.blocked)
    }


def dated_evidence(timeline: Timeline, history: History, as_of: datetime) -> Mapping[str, Evidence]:
    """Changes and filling around the conversions, for every dated field; empty with no dated conversion."""
    names = sorted(dated_fields(timeline))
    wins = history.conversions.drop_nulls("at").group_by("lead_id").agg(won=pl.col("at").min())
    wins = wins.join(history.leads.unique("lead_id").select("lead_id", "created_at"), on="lead_id")
    if not names or wins.is_empty():
        return {}
    changes = timeline.changes(names).filter(pl.col("known_at") < as_of)
    filled = _filled(changes, wins)
    changed = _changed(changes.filter(pl.col("known_at") > pl.col("created_at") + EARLY), wins, history, as_of)
    return {name: Evidence(filled.get(name, Filled()), changed.get(name, Changed(0.0, 0.0, 0))) for name in names}


def _gathers(seen: Changed) -> bool:
    converted = seen.cases / seen.share if seen.share else 0.0
    expected = max(seen.expected * converted, 1e-9)
    excess = seen.cases - expected
    return (
        seen.cases >= MIN_CASES
        and seen.share - seen.expected >= MIN_EXCESS
        and seen.share >= MIN_RATIO * seen.expected
        and excess >= DEVIATION * np.sqrt(max(expected, 1.0))
    )


def _filled(changes: pl.DataFrame, wins: pl.DataFrame) -> dict[str, Filled]:
    """The share of converted leads with a value shortly before and after."""
    seen = changes.join(wins.select("lead_id", "won"), on="lead_id").sort("known_at", maintain_order=True)
    ends = {"before": pl.col("won") - EARLY, "after": pl.col("won") + AFTER}
    parts = []
    for side, end in ends.items():
        last = seen.filter(pl.col("known_at") < end).group_by("field", "lead_id").agg(pl.col("value").last())
        parts.append(last.group_by("field").agg((pl.col("value").count() / wins.height).alias(side)))
    both = parts[0].join(parts[1], on="field", how="full", coalesce=True).fill_null(0.0)
    return {row["field"]: Filled(row["before"], row["after"]) for row in both.iter_rows(named=True)}


def _changed(changes: pl.DataFrame, wins: pl.DataFrame, history: History, as_of: datetime) -> dict[str, Changed]:
    seen = changes.join(wins.select("lead_id", "won"), on="lead_id")
    start = pl.col("won") - EARLY
    lead = pl.col("lead_id")
    counted = seen.group_by("field").agg(
        cases=lead.filter(pl.col("known_at").is_between(start, pl.col("won") + AFTER)).n_unique(),
        earlier=pl.col("known_at").is_between(start - BEFORE, start, closed="left").sum(),
    )
    exposure = (wins["won"] - wins["created_at"] - EARLY).dt.total_microseconds().clip(0) / _DAY_US
    days = float(exposure.clip(upper_bound=BEFORE.days).sum())
    window = (AFTER + EARLY) / timedelta(days=1)
    usual = _usual(changes, wins, history, as_of)
    return {
        row["field"]: Changed(
            row["cases"] / wins.height,
            max(row["earlier"] / days * window if days else 0.0, usual.get(row["field"], 0.0)),
            row["cases"],
        )
        for row in counted.iter_rows(named=True)
    }


def _usual(changes: pl.DataFrame, wins: pl.DataFrame, history: History, as_of: datetime) -> dict[str, float]:
    """Changes that unconverted leads see in the same week of their age, on average over the conversions."""
    others = (
        history.leads.unique("lead_id").drop_nulls("created_at").join(history.conversions, on="lead_id", how="anti")
    )
    lived = _days(others.select(pl.lit(as_of, UTC_TIME) - pl.col("created_at")).to_series())
    if not len(lived):
        return {}
    last = int(lived.max()) + 1
    at_risk = len(lived) - np.searchsorted(np.sort(lived), np.arange(last) + 0.5)
    own = changes.join(others.select("lead_id"), on="lead_id", how="semi")
    own = own.with_columns(day=(pl.col("known_at") - pl.col("created_at")).dt.total_days())
    start = _days(wins["won"] - wins["created_at"] - EARLY).clip(min=0)
    end = start + (AFTER + EARLY) / timedelta(days=1)
    result = {}
    for (name,), part in own.group_by("field", maintain_order=True):
        hits = np.bincount(part["day"].to_numpy().clip(0, last - 1), minlength=last)
        rate = np.divide(hits, at_risk, out=np.zeros(last), where=at_risk >= 1)
        grown = np.concatenate([[0.0], np.cumsum(rate)])
        places = np.arange(last + 1)
        result[str(name)] = float((np.interp(end, places, grown) - np.interp(start, places, grown)).mean())
    return result


def _days(spans: pl.Series) -> Floats:
    return np.asarray(spans.dt.total_microseconds().to_numpy() / _DAY_US, dtype=np.float64)


def _by_meaning(field: Field) -> FieldVerdict:
    why = "It is written by this product." if field.own else "It is a system field of the sales process or the outcome."
    return FieldVerdict(field.name, field.label, Verdict.PROVEN, why)


def _by_change(field: Field, seen: Evidence) -> FieldVerdict:
    filled, changed = seen.filled, seen.changed or Changed(0.0, 0.0, 0)
    why = (
        f"It changed for {in_percent(changed.share)} of the converted leads from an hour before to {AFTER.days} days "
        f"after the conversion, where {in_percent(changed.expected)} were to be expected; it was filled in for "
        f"{in_percent(filled.before_conversion or 0)} of them before and {in_percent(filled.after_conversion or 0)} "
        "after."
    )
    return FieldVerdict(field.name, field.label, Verdict.PROVEN, why, seen)
