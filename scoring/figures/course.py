"""How a lead's score went: each score from when it was made until the next, with its tier."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from scoring.figures.axes import Axis
from scoring.figures.figure import Figure
from scoring.figures.frame import Words, figure, framed

_TICKS = 4
_DAY = 86_400
_SHAPES = {"High-Intent": "dot", "Medium": "dot-second", "Low": "ring"}


def course(found: Sequence[tuple[datetime, float, str]]) -> Figure | None:
    """Draw (when, score, tier), the oldest first; None of fewer than two scores."""
    if len(found) < 2:
        return None
    first, last = found[0][0], found[-1][0]
    span = max((last - first).total_seconds() / _DAY, 1 / 24)
    written = "%-d %b" if span >= _TICKS else "%-d %b %H:%M"
    across = Axis("Day (UTC)", 0.0, span, span / _TICKS, lambda day, _: f"{first + timedelta(days=day):{written}}")
    words = Words(
        "The score over time",
        "What the model gave, from each scoring to the next. Steps come from what the lead did, from silence, or from "
        "a new model; the score record says which.",
        f"From {found[0][1]:.1f} ({found[0][2]}) to {found[-1][1]:.1f} ({found[-1][2]}) in {len(found)} scorings.",
    )
    frame = framed(words, (across, Axis("Score (0–100)", 0.0, 100.0, 20.0)))
    points = [((at - first).total_seconds() / _DAY, score) for at, score, _ in found]
    steps = [points[0]]
    for before, after in pairwise(points):
        steps += [(after[0], before[1]), after]
    marks = [frame.line(steps)]
    marks += [
        frame.dot(point, _SHAPES.get(tier, "ring"), 3, f"{at:%-d %b %Y %H:%M} UTC: {score:.1f}, {tier}")
        for point, (at, score, tier) in zip(points, found, strict=True)
    ]
    there = {tier for _, _, tier in found}
    legend = [(shape, tier) for tier, shape in _SHAPES.items() if tier in there]
    data = [[at.isoformat(), score, tier] for at, score, tier in found]
    return Figure("course", words.title, words.told, figure(words, frame, marks, legend), data)
