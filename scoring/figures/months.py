"""How many leads an outcome would call converted, month by month."""

from __future__ import annotations

from collections.abc import Sequence

from scoring.figures.axes import Axis, from_zero
from scoring.figures.frame import Words, figure, framed


def months(found: Sequence[tuple[str, int]], what: str) -> str:
    """Leads by the month in which they converted ((its name, leads), oldest first; two or more), as SVG."""
    total, best = sum(leads for _, leads in found), max(found, key=lambda pair: pair[1])
    words = Words(
        f"Leads that converted, month by month: {what}",
        "An even line means that a model can learn from all of the time. Months without any, or a sudden step, mean "
        "that the outcome was recorded otherwise then: look at it before you choose.",
        f"{total:,} in {len(found)} months, most of them ({best[1]:,}) in {best[0]}.",
    )
    names = {place: name for place, (name, _) in enumerate(found)}
    across = Axis(
        "Month (the last one is not over)",
        0.0,
        float(len(found) - 1),
        1.0,
        lambda value, _: names.get(round(value), ""),
    )
    up = from_zero("Leads", float(max(best[1], 5)))
    frame = framed(words, (across, up))
    points = [(float(place), float(leads)) for place, (_, leads) in enumerate(found)]
    marks = [frame.line(points)]
    marks += [
        frame.dot(point, title=f"{name}: {leads:,} leads") for point, (name, leads) in zip(points, found, strict=True)
    ]
    return figure(words, frame, marks)
