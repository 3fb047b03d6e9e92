"""How many High-Intent leads come a week, against what the team can take."""

from __future__ import annotations

import math
from datetime import datetime

from connector.services.kpis.reading import WEEK, Known
from connector.services.kpis.shapes import Kpi, Line, Unit


def by_week(known: Known, now: datetime) -> tuple[tuple[datetime, int], ...]:
    """Return (first day, leads that came into the High-Intent band) of whole weeks up to ``now``, oldest first."""
    starts = [now - back * WEEK for back in range(known.weeks, 0, -1)]
    times = known.hot["at"].to_list()
    return tuple((start, sum(start <= at < start + WEEK for at in times)) for start in starts)


def reached(known: Known) -> tuple[int, ...]:
    """Return how many leads newly reached each whole score from 0 to 100 in the last whole weeks; () of none."""
    if not known.weeks:
        return ()
    counts = [0] * 101
    for row in known.highest:
        if row.after is not None:
            first = 0 if row.before is None else math.floor(row.before) + 1
            for score in range(first, math.floor(row.after) + 1):
                counts[score] += 1
    return tuple(counts)


def volume(known: Known, now: datetime) -> Kpi:
    """New High-Intent leads a week beside the team's capacity."""
    weeks = by_week(known, now)
    says = "Leads a week that newly came into the High-Intent band, and those that the team can take (its settings)."
    capacity = Line("The team's capacity", Unit.COUNT, 0, float(known.settings.capacity))
    leads = sum(count for _, count in weeks)
    if weeks:
        came = Line("New High-Intent leads", Unit.COUNT, leads, leads / len(weeks))
    else:
        missing = "Scores have been recorded for less than two weeks: it is counted from the second one on."
        came = Line("New High-Intent leads", Unit.COUNT, leads, missing=missing)
    return Kpi("volume", "High-Intent leads a week", says, weeks[0][0] if weeks else None, (came, capacity))
