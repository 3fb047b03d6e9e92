"""A figure of an amount by day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from scoring.figures.axes import Axis, from_zero
from scoring.figures.figure import Figure
from scoring.figures.frame import Words, figure, framed

TICKS = 4
"""Parts of the span whose first days are named under the figure."""


def by_day(name: str, words: Words, up: str, found: Sequence[tuple[date, float]], span: tuple[date, date]) -> Figure:
    """Draw an amount (``up``: its quantity and unit) for each day that has one (one or more), from a day to another."""
    first, last = span
    length = max((last - first).days, 1)
    step = length / min(TICKS, length)
    across = Axis(
        "Day (UTC)", 0.0, float(length), step, lambda value, _: f"{first + timedelta(days=round(value)):%-d %b}"
    )
    frame = framed(words, (across, from_zero(up, max(amount for _, amount in found) or 1.0)))
    points = [(float((day - first).days), amount) for day, amount in found]
    marks = [frame.line([(place, 0.0), (place, amount)], "curve") for place, amount in points]
    marks += [
        frame.dot(point, title=f"{day:%-d %b %Y}: {amount:,.1f}")
        for point, (day, amount) in zip(points, found, strict=True)
    ]
    data = [[day.isoformat(), amount] for day, amount in found]
    return Figure(name, words.title, words.told, figure(words, frame, marks), data)
