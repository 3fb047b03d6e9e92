"""What had become of training rows by a present in the past: nothing of that day or later is visible."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from scoring.metrics import Floats
from scoring.models.contract import Course, Training
from scoring.models.hazard import periods
from scoring.schema import Goal, Timing
from scoring.splits import Mask

_DAY_US = 86_400_000_000


def course(rows: pl.DataFrame, goal: Goal) -> Course | None:
    """The whole course of snapshot ``rows`` as it is known today; None where outcomes have no date."""
    if goal.timing is not Timing.DATED or "delay_days" not in rows.columns:
        return None
    delay = rows["delay_days"].fill_null(np.inf).to_numpy()
    return Course(delay, np.full(rows.height, np.inf), float(goal.horizon_days))


def known_at(whole: Training, order: Floats, mask: Mask, present: int) -> Training:
    """The rows of ``mask`` as they stood at ``present``, with those beside them that were young then.

    ``order``, ``present``: µs. Rows count as young when the first period of the horizon had passed.
    """
    if whole.course is None:
        return whole.where(mask)
    followed = (present - order) / _DAY_US
    delay = np.where(whole.course.delay < followed, whole.course.delay, np.inf)
    seen = replace(whole, course=replace(whole.course, delay=delay, followed=followed))
    young = (order < present) & ~mask & (followed >= periods(whole.course.horizon)[0])
    return replace(seen.where(mask), young=seen.where(young))
