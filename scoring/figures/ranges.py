"""Figures of spans beside each other: where something was expected or lies for sure, and what was seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scoring.figures.axes import Axis, around
from scoring.figures.figure import Figure
from scoring.figures.frame import Words, figure, framed


@dataclass(frozen=True, slots=True)
class Span:
    """``low`` to ``high`` under a label, and the value in it or beside it."""

    label: str
    low: float
    high: float
    value: float


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the axes, the dots and the bars of a figure stand for."""

    across: str
    up: str
    dot: str
    bar: str


def ranges(
    name: str,
    words: Words,
    meaning: Meaning,
    found: Sequence[Span],
    written: Callable[[float, float], str] | None = None,
) -> Figure:
    """Draw spans (one or more) beside each other, over a line at zero where that is among them."""
    labels = {place: span.label for place, span in enumerate(found, start=1)}
    lowest = min(0.0, *(min(span.low, span.value) for span in found))
    highest = max(0.0, *(max(span.high, span.value) for span in found))
    across = Axis(meaning.across, 0.0, len(found) + 1.0, 1.0, lambda value, _: labels.get(round(value), ""))
    up = around(meaning.up, lowest, highest, *((written,) if written else ()))
    frame = framed(words, (across, up))
    marks = [frame.line([(0.0, 0.0), (across.high, 0.0)], "reference")] if lowest < 0 else []
    for place, span in enumerate(found, start=1):
        marks.append(frame.line([(place, span.low), (place, span.high)], "interval"))
        marks.append(frame.dot((place, span.value), title=span.label))
    data = [[span.label, span.low, span.high, span.value] for span in found]
    drawn = figure(words, frame, marks, (("dot", meaning.dot), ("interval", meaning.bar)))
    return Figure(name, words.title, words.told, drawn, data)
