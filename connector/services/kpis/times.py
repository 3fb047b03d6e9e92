"""Figures about time: how long a sale takes, and how soon a seller turns to a lead."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl

from connector.services.kpis.counting import between, first_after, median, share, within
from connector.services.kpis.reading import WEEK, YEAR, Known
from connector.services.kpis.shapes import Kpi, Line, Unit

TOUCHED_WITHIN = timedelta(days=7)
QUARTER = timedelta(days=90)
_ACTS = "the first call, meeting or note by a seller (e-mails do not count: a mailing looks like a letter)"


def sales_cycle(known: Known) -> Kpi:
    """Days from creation to conversion."""
    since = known.now - YEAR
    joined = known.won.filter(between("at", since, known.now)).join(known.leads, on="lead_id")
    took = joined.filter(pl.col("at") >= pl.col("created_at")).select(pl.col("at") - pl.col("created_at"))
    line = median("Leads that converted", took.to_series(), Unit.DAYS)
    says = "Days from a lead's creation to its first conversion: the median, and between which the middle half lies."
    note = "Leads that are still open are not in it, so that it looks shorter where many are young."
    return Kpi("sales_cycle", "Sales cycle", says, since, (line,), note)


def first_touch(known: Known) -> Kpi:
    """How soon new leads are turned to."""
    since = known.now - QUARTER
    says = f"How soon after a lead's creation came {_ACTS}."
    lines = _touched(known, known.leads.rename({"created_at": "start"}), since)
    return Kpi("first_touch", "Speed to first touch", says, since, lines, _not_yet())


def hot_touch(known: Known) -> Kpi:
    """The same since leads came into the High-Intent band."""
    since = known.now - known.weeks * WEEK
    says = f"How soon after a lead came into the High-Intent band came {_ACTS}."
    begun = known.hot.join(known.leads, on="lead_id").select("lead_id", start="at")
    lines = _touched(known, begun, since)
    return Kpi("hot_touch", "Speed to High-Intent leads", says, since if known.weeks else None, lines, _not_yet())


def _not_yet() -> str:
    return f"Leads that have waited for less than {TOUCHED_WITHIN.days} days do not count yet."


def _touched(known: Known, begun: pl.DataFrame, since: datetime) -> tuple[Line, ...]:
    cohort = begun.filter(between("start", since, known.now - TOUCHED_WITHIN))
    soon = f"Touched within {TOUCHED_WITHIN.days} days"
    if known.acts.is_empty() and not cohort.is_empty():
        missing = "No CRM told of any call, meeting or note. Log them in the CRM to see this."
        return (Line(soon, Unit.SHARE, cohort.height, missing=missing),)
    joined = first_after(cohort, "start", known.acts, "touched_at")
    touched = joined.filter(within("touched_at", "start", TOUCHED_WITHIN))
    waited = touched.select(pl.col("touched_at") - pl.col("start")).to_series()
    return share(soon, touched.height, cohort.height), median("Time until then", waited, Unit.HOURS)
