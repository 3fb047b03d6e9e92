"""Where the newest wins and losses stood before they ended: a dot for each, misses as large as hits."""

from __future__ import annotations

from collections.abc import Sequence

from scoring.figures.axes import Axis, shares
from scoring.figures.frame import HEIGHT, Frame, Words, figure, framed, text

TOP = 0.8
"""Leads that stand above this share of all open ones are in the top fifth."""
_ROWS = 7
"""Dots that are near each other are spread over so many heights."""


def strip(found: Sequence[tuple[str, bool, Sequence[float]]], told: str) -> str:
    """Rows ((label, whether won, places from 0 to 1), from below; one or more), as SVG; ``told``: in a sentence."""
    words = Words(
        "Where wins and losses stood before they ended",
        "Each dot is a lead, placed by how many of the leads then open it stood above. A good ranking has the wins on "
        "the right of the dashed line, which is where the top fifth begins, and the losses on its left.",
        told,
    )
    names = {place: label for place, (label, _, _) in enumerate(found, start=1)}
    # Its words stand below: on the left the names of the rows need the room.
    up = Axis("", 0.0, len(found) + 1.0, 1.0, lambda value, _: names.get(round(value), ""))
    frame = framed(words, (shares("Open leads that it stood above (%)"), up))
    marks = [frame.line([(TOP, 0.0), (TOP, up.high)], "reference")]
    marks.append(text(0, frame.top + HEIGHT + 38, "Days before the end (d)"))
    for height, (label, won, places) in enumerate(found, start=1):
        marks += _dots(frame, height, label, "dot" if won else "dot-second", places)
    return figure(words, frame, marks, (("dot", "won"), ("dot-second", "lost"), ("reference", "top fifth")))


def _dots(frame: Frame, height: int, label: str, shape: str, places: Sequence[float]) -> list[str]:
    return [
        frame.dot((place, height + (index % _ROWS - _ROWS // 2) * 0.09), shape, 3, f"{label}: above {place:.0%}")
        for index, place in enumerate(sorted(places))
    ]
