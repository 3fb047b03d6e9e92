"""Figures about what became of leads: meetings, conversions by tier, before against after."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl

from connector.records import EventKind, Tier
from connector.services.kpis.counting import between, first_after, share, within
from connector.services.kpis.reading import YEAR, Known
from connector.services.kpis.shapes import Kpi, Line, Unit

NO_FUTURE = "The scores stand at a time in the past: nothing can have happened after they were made."
MEETING_WITHIN = timedelta(days=30)
BEFORE = timedelta(days=180)
"""Leads of so long before the installation are compared with those since."""


def meetings(known: Known) -> Kpi:
    """Lead to meeting."""
    since = known.now - YEAR
    cohort = known.leads.filter(between("created_at", since, known.now - MEETING_WITHIN))
    held = known.acts.filter(pl.col("kind") == EventKind.MEETING)
    if held.is_empty() and not cohort.is_empty():
        missing = "No CRM told of any meeting in this time. Log meetings in the CRM to see this."
        line = Line("All leads", Unit.SHARE, cohort.height, missing=missing)
    else:
        met = first_after(cohort, "created_at", held, "met_at").filter(within("met_at", "created_at", MEETING_WITHIN))
        line = share("All leads", met.height, cohort.height)
    says = f"Share of leads that had a meeting within {MEETING_WITHIN.days} days of their creation."
    return Kpi("meetings", "Lead to meeting", says, since, (line,), "Leads younger than that do not count yet.")


def by_tier(known: Known) -> Kpi:
    """Conversion by the tier that a lead was first given."""
    days = known.settings.horizon_days
    says = (
        f"Share of leads that converted within {days} days after their first score, by the tier of that score. "
        "What a lead did later does not move it to another line."
    )
    note = "Leads whose time is not over do not count yet, nor those that had converted before." + _first_over(known)
    if known.past:
        lines = tuple(Line(tier, Unit.SHARE, 0, missing=NO_FUTURE) for tier in Tier)
        return Kpi("by_tier", "Conversion by tier", says, None, lines, note)
    over = matured(known)
    hits = within("won_at", "at", known.horizon)
    lines = tuple(
        share(tier, of_tier.filter(hits).height, of_tier.height)
        for tier in Tier
        for of_tier in [over.filter(pl.col("tier") == tier)]
    )
    since = over["at"].min()
    return Kpi("by_tier", "Conversion by tier", says, since, lines, note)  # type: ignore[arg-type] # a column of times


def found(known: Known) -> Kpi:
    """How many of the conversions had been High-Intent from the first."""
    days = known.settings.horizon_days
    says = f"Share of the leads that converted within {days} days after their first score that it put into High-Intent."
    note = "The rest is what a team that calls High-Intent leads alone would have missed." + _first_over(known)
    if known.past:
        line = Line("Conversions", Unit.SHARE, 0, missing=NO_FUTURE)
        return Kpi("found", "Conversions found", says, None, (line,), note)
    won = matured(known).filter(within("won_at", "at", known.horizon))
    line = share("Conversions", won.filter(pl.col("tier") == Tier.HIGH_INTENT).height, won.height)
    return Kpi("found", "Conversions found", says, won["at"].min(), (line,), note)  # type: ignore[arg-type] # a column of times


def _first_over(known: Known) -> str:
    """Return the sentence that says when there will be something to tell; empty once there is."""
    first: datetime | None = known.scored["at"].min()  # type: ignore[assignment] # a column of times
    if known.past or first is None or first + known.horizon <= known.now:
        return ""
    return f" The first leads have had their whole time on {first + known.horizon:%-d %b %Y}."


def matured(known: Known) -> pl.DataFrame:
    """Return lead_id, at, tier, won_at of leads that had not converted when first scored and whose time is over."""
    won = known.won.rename({"at": "won_at"})
    joined = known.scored.join(known.leads, on="lead_id").join(won, on="lead_id", how="left")
    open_then = (pl.col("won_at") > pl.col("at")).fill_null(value=True)
    return joined.filter(open_then, pl.col("at") + known.horizon <= known.now)


def before_after(known: Known) -> Kpi:
    """The plain comparison that everybody asks for, labelled as what it is."""
    days = known.settings.horizon_days
    says = f"Share of leads that converted within {days} days of their creation, before and after the installation."
    note = (
        "A plain before/after. It proves nothing: season, prices, campaigns and what else changed are in it as well. "
        "Only an experiment tells what the scores did."
    )
    if known.installed is None:
        return Kpi("before_after", "Before and after", says, None, (), note)
    start = known.installed - known.horizon - BEFORE
    cohorts = {
        "Before": between("created_at", start, known.installed - known.horizon),
        "After": between("created_at", known.installed, known.now - known.horizon),
    }
    joined = known.leads.join(known.won.rename({"at": "won_at"}), on="lead_id", how="left")
    hits = within("won_at", "created_at", known.horizon)
    lines = tuple(
        share(label, cohort.filter(hits).height, cohort.height)
        for label, of in cohorts.items()
        for cohort in [joined.filter(of)]
    )
    return Kpi("before_after", "Before and after", says, start, lines, note)
