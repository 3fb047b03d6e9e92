"""What an experiment's arms differed by at each look."""

from __future__ import annotations

from collections.abc import Sequence

from scoring.figures.axes import around, from_zero, percent
from scoring.figures.frame import Words, figure, framed

Look = tuple[float, float, float | None, float | None]
"""Weeks since the beginning, difference of the rates, and the ends of its interval (None: nothing is certain)."""


def looks(found: Sequence[Look], what: str = "Shown less held out") -> str:
    """The difference at each look (one or more), with its interval, as SVG; ``what`` it is the difference of."""
    last = found[-1]
    said = "nothing is certain yet" if last[2] is None else f"it lies between {last[2]:+.1%} and {last[3]:+.1%}"
    words = Words(
        f"{what}, look by look",
        "How many more of 100 leads that count convert. The bars hold at all looks together: once one is wholly above "
        "zero, the first arm is better for certain.",
        f"After {last[0]:.0f} weeks the difference is {last[1]:+.1%}; {said}.",
    )
    ends = [end for _, difference, low, high in found for end in (difference, low, high, 0.0) if end is not None]
    axes = from_zero("Weeks since the beginning", last[0]), around("Points (%)", min(ends), max(ends), percent)
    frame = framed(words, axes)
    marks = [frame.line([(0.0, 0.0), (axes[0].high, 0.0)], "reference")]
    for week, difference, low, high in found:
        if low is not None and high is not None:
            marks.append(frame.line([(week, low), (week, high)], "interval"))
        marks.append(frame.dot((week, difference), title=f"Week {week:.0f}: {difference:+.1%}"))
    legend = (("dot", "difference"), ("interval", "95 % at all looks"), ("reference", "no difference"))
    return figure(words, frame, marks, legend)
