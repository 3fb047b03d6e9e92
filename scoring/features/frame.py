"""The frame of steps: a lead's last steps one by one, which only the sequence model reads.

The step's place in the spec's list and the class of the time until the next one (of the newest: until ``as_of``),
newest first. They are columns like all others, so that scoring, replay and what-if need nothing else.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from scoring.features.embedding import MOST_EVENTS, Course
from scoring.features.tally import US_PER_DAY

FRAME = MOST_EVENTS
GAP_DAYS = (1 / 1440, 1 / 144, 1 / 24, 0.25, 1.0, 3.0, 7.0, 14.0, 30.0)
"""Ends of the classes of gaps."""
GAP_CLASSES = len(GAP_DAYS) + 1


def names() -> tuple[str, ...]:
    """The frame's columns in order: all steps, then all gaps."""
    places = range(1, FRAME + 1)
    return (*(f"frame.step.{place}" for place in places), *(f"frame.gap.{place}" for place in places))


def columns(found: Course, count: int) -> list[pl.Series]:
    """The columns by ``names`` of the base frame; null where a lead has fewer steps."""
    ends = np.cumsum(np.bincount(found.row, minlength=count))
    place = ends[found.row] - 1 - np.arange(len(found.row))
    newer = np.where(place == 0, 0, found.ago[np.minimum(np.arange(len(found.row)) + 1, len(found.row) - 1)])
    edges = np.array([round(days * US_PER_DAY) for days in GAP_DAYS])
    classes = np.searchsorted(edges, found.ago - newer, side="left")
    frame = np.full((count, 2 * FRAME), np.nan)
    frame[found.row, place], frame[found.row, FRAME + place] = found.code, classes
    return [pl.Series(name, frame[:, at], nan_to_null=True) for at, name in enumerate(names())]
