"""Figures of what people say of scores: the share of thumbs up, by tier and by week."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scoring.figures.axes import Axis, shares
from scoring.figures.figure import told_percent
from scoring.figures.frame import Words, figure, framed

_NAMED = 7


@dataclass(frozen=True, slots=True)
class Share:
    """Thumbs of one tier or week: how many, the share of thumbs up, and the ends of its 95 % interval."""

    label: str
    thumbs: int
    up: float
    low: float
    high: float


def by_tier(found: Sequence[Share]) -> str:
    """The share of thumbs up by tier (one or more), as SVG."""
    reading = (
        "The dots are shares that were seen, the bars their 95 % intervals. A tier far below the others is one that "
        "your team does not believe: look at the reasons first."
    )
    return _drawn("Thumbs up by the tier of the score", "Tier of the score", reading, found)


def by_week(found: Sequence[Share]) -> str:
    """The share of thumbs up by week (its first day; oldest first; one or more), as SVG."""
    reading = (
        "The dots are shares that were seen, the bars their 95 % intervals. A fall that outlasts its bars says that "
        "your team trusts the scores less than before, often weeks before outcomes show why."
    )
    return _drawn("Thumbs up by week", "Week from", reading, found)


def _drawn(title: str, across_label: str, reading: str, found: Sequence[Share]) -> str:
    told = "; ".join(f"{one.label}: {told_percent(one.up)} of {one.thumbs:,}" for one in found) + "."
    words = Words(title, reading, told)
    # Of many weeks every other one is named, from the newest back: more would run into each other.
    step = 2 if len(found) > _NAMED else 1
    labels = {place: found[place - 1].label for place in range(len(found), 0, -step)}
    across = Axis(across_label, 0.0, len(found) + 1.0, 1.0, lambda value, _: labels.get(round(value), ""))
    frame = framed(words, (across, shares("Thumbs up (%)")))
    marks = []
    for place, one in enumerate(found, start=1):
        marks.append(frame.line([(place, one.low), (place, one.high)], "interval"))
        marks.append(frame.dot((place, one.up), title=f"{one.label}: {told_percent(one.up)} of {one.thumbs:,} thumbs"))
    return figure(words, frame, marks, (("dot", "seen"), ("interval", "95 % interval")))
