"""Figures of a training's report: SVG that can be read alone, with the numbers behind each.

Pure functions of the report: no library, no clock, nothing heavy to import.
"""

from __future__ import annotations

from scoring.figures.delays import delay
from scoring.figures.figure import Figure, Json
from scoring.figures.influence import influence
from scoring.figures.leaks import leaks
from scoring.figures.learning import learning
from scoring.figures.ranking import gain, lift, precision_recall, roc
from scoring.figures.reliability import reliability
from scoring.figures.style import DARK, as_file

__all__ = ["DARK", "Figure", "as_file", "figures"]

_DRAWN = (lift, gain, roc, precision_recall, reliability, influence, delay, leaks, learning)


def figures(report: Json) -> dict[str, Figure]:
    """Every figure that the report has the numbers for, by name."""
    found = (draw(report) for draw in _DRAWN)
    return {one.name: one for one in found if one is not None}
