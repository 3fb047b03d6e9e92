"""Figures of a tenant's weeks: conversion by tier, and High-Intent leads against what the team can take."""

from __future__ import annotations

from collections.abc import Sequence

from scoring.figures.axes import Axis, from_zero, percent
from scoring.figures.figure import told_percent
from scoring.figures.frame import Words, figure, framed

TierRate = tuple[str, int, float, float, float]
"""A tier, the leads behind it, their rate, and the ends of its 95 % interval."""


def tiers(found: Sequence[TierRate]) -> str:
    """Conversion by the tier of the first score (one or more), as SVG."""
    words = Words(
        "Conversion by the tier of the first score",
        "The dots are rates that were seen, the bars their 95 % intervals. Tiers whose bars do not overlap differ; the "
        "further apart, the more a call gains by its order.",
        "; ".join(f"{tier}: {told_percent(rate)} of {leads:,} leads" for tier, leads, rate, _, _ in found) + ".",
    )
    places = {place: tier for place, (tier, *_) in enumerate(found, start=1)}
    across = Axis("Tier of the first score", 0.0, len(found) + 1.0, 1.0, lambda value, _: places.get(round(value), ""))
    up = from_zero("Leads that converted (%)", max(high for *_, high in found) or 0.01, percent, ceiling=1.0)
    frame = framed(words, (across, up))
    marks = []
    for place, (tier, leads, rate, low, high) in enumerate(found, start=1):
        marks.append(frame.line([(place, low), (place, high)], "interval"))
        marks.append(frame.dot((place, rate), title=f"{tier}: {told_percent(rate)} of {leads:,} leads"))
        marks.append(frame.note((place, rate), told_percent(rate), shift=(10, 4)))
    return figure(words, frame, marks, (("dot", "seen"), ("interval", "95 % interval")))


def weeks(found: Sequence[tuple[str, int]], capacity: int) -> str:
    """New High-Intent leads by week ((its first day, leads), oldest first; one or more), as SVG."""
    last = found[-1]
    words = Words(
        "New High-Intent leads by week",
        "Weeks above the dashed line brought more than the team can call: the rest waits, or the band is too wide. "
        "Weeks far below leave time that other leads could have.",
        f"In the week from {last[0]} there were {last[1]:,}; the team can take {capacity:,}.",
    )
    labels = {place: day for place, (day, _) in enumerate(found, start=1)}
    across = Axis("Week from", 0.0, len(found) + 1.0, 1.0, lambda value, _: labels.get(round(value), ""))
    up = from_zero("New High-Intent leads", float(max(capacity, 1, *(leads for _, leads in found))))
    frame = framed(words, (across, up))
    marks = [frame.line([(0.0, float(capacity)), (across.high, float(capacity))], "reference")]
    points = [(float(place), float(leads)) for place, (_, leads) in enumerate(found, start=1)]
    if len(points) > 1:
        marks.append(frame.line(points))
    marks += [
        frame.dot(point, title=f"Week from {day}: {leads:,} leads")
        for point, (day, leads) in zip(points, found, strict=True)
    ]
    return figure(words, frame, marks, (("dot", "leads that week"), ("reference", "the team's capacity")))
