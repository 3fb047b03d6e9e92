"""A figure of an amount by day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from scoring.figures.axes import Axis, from_zero
from scoring.figures.figure import Figure
from scoring.figures.frame import Words, figure, framed

TICKS = 4
"""Days that are named under the figure."""


def by_day(name: str, words: Words, up: str, found: Sequence[tuple[date, float]]) -> Figure:
    """Draw an amount (``up``: its quantity and unit) for each day (one or more, the oldest first)."""
    first = found[0][0]
    last = max((found[-1][0] - first).days, 1)
    step = max(1.0, round(last / TICKS))
    named = {place: date.fromordinal(first.toordinal() + place) for place in range(last + round(step) + 1)}
    across = Axis("Day (UTC)", 0.0, float(last), step, lambda value, _: f"{named[round(value)]:%-d %b}")
    frame = framed(words, (across, from_zero(up, max(amount for _, amount in found) or 1.0)))
    points = [(float((day - first).days), amount) for day, amount in found]
    marks = [frame.line([(place, 0.0), (place, amount)], "curve") for place, amount in points]
    marks += [
        frame.dot(point, title=f"{day:%-d %b %Y}: {amount:,.1f}")
        for point, (day, amount) in zip(points, found, strict=True)
    ]
    data = [[day.isoformat(), amount] for day, amount in found]
    return Figure(name, words.title, words.told, figure(words, frame, marks), data)
