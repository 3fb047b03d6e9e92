"""Proven leaks: fields that mean the outcome, and dated fields that change when it happens."""

from __future__ import annotations

import polars as pl

from scoring.leakage import FieldVerdict, Verdict
from scoring.schema import Field, History, Knowledge
from scoring.timeline import Timeline

AFTER_DAYS, BEFORE_DAYS = 7, 28
"""Changes from one hour before a conversion to 7 days after it, against the 28 days before that."""
MIN_CASES = 10
MIN_SHARE = 0.10
MIN_RATIO = 3.0


def proven(timeline: Timeline, history: History) -> list[FieldVerdict]:
    """Verdicts on system and own fields and on dated fields that give the outcome away.

    A dated field is proven when at least 10 % (and 10) of the converted leads saw it change within
    the days after their conversion, at three times the daily rate before it.
    """
    meant = [_by_meaning(field) for field in timeline.fields.values() if field.system or field.own]
    open_fields = [field for field in timeline.fields.values() if not (field.system or field.own or field.blocked)]
    dated = {field.name: field for field in open_fields if field.knowledge is Knowledge.DATED}
    wins = history.conversions.drop_nulls("at").group_by("lead_id").agg(won=pl.col("at").min())
    if not dated or wins.height < MIN_CASES:
        return meant
    rates = _rates(timeline.changes(sorted(dated)).join(wins, on="lead_id"), wins.height)
    return meant + [_by_change(dated[row["field"]], row) for row in rates.iter_rows(named=True)]


def _rates(changes: pl.DataFrame, converted: int) -> pl.DataFrame:
    """Of all converted leads, the share with a change after creation in either span, by field."""
    hour = pl.duration(hours=1)
    changes = changes.filter(pl.col("known_at") > pl.col("created_at") + hour)
    start = pl.col("won") - hour
    after = pl.col("known_at").is_between(start, pl.col("won") + pl.duration(days=AFTER_DAYS))
    before = pl.col("known_at").is_between(start - pl.duration(days=BEFORE_DAYS), start, closed="left")
    lead = pl.col("lead_id")
    counted = changes.group_by("field").agg(
        after=lead.filter(after).n_unique() / converted,
        before=lead.filter(before).n_unique() / converted,
        cases=lead.filter(after).n_unique(),
    )
    rate = pl.col("before") * AFTER_DAYS / BEFORE_DAYS
    leaks = (pl.col("cases") >= MIN_CASES) & (pl.col("after") >= MIN_SHARE) & (pl.col("after") >= MIN_RATIO * rate)
    return counted.filter(leaks).sort("field")


def _by_meaning(field: Field) -> FieldVerdict:
    why = "It is written by this product." if field.own else "It is a system field of the sales process or the outcome."
    return FieldVerdict(field.name, field.label, Verdict.PROVEN, why)


def _by_change(field: Field, rates: dict[str, float]) -> FieldVerdict:
    before, after = round(rates["before"], 4), round(rates["after"], 4)
    why = (
        f"It changed for {after:.0%} of the converted leads within {AFTER_DAYS} days of the conversion, "
        f"for {before:.0%} in the {BEFORE_DAYS} days before."
    )
    return FieldVerdict(field.name, field.label, Verdict.PROVEN, why, fill_before=before, fill_after=after)
