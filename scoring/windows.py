"""Calibration over several rolling windows, whose levels may have moved against each other.

Each window's log-odds are first shifted so that their mean chance meets the window's rate; the shape
(slope or curve) is fitted on all of them together. The level is that of the newest windows: older ones
are added while they agree with the newer (2.5 standard errors), because a rate that moved is most
likely to stay where it is, and one that did not move is best known from all windows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from scoring.calibration import IDENTITY, Calibration, calibrate, level
from scoring.metrics import Floats

AGREE = 2.5


@dataclass(frozen=True, slots=True)
class Held:
    """What a model that had not seen the rows says of them; ``conversions``: distinct converting leads."""

    raw: Floats
    label: Floats
    weight: Floats
    conversions: int


def calibrated(windows: Sequence[Held], conversions: int) -> Calibration:
    """The calibration by ``windows``, oldest first; ``conversions``: distinct leads in all of them."""
    known = [window for window in windows if window.label.size and window.label.min() < window.label.max()]
    if not known:
        return IDENTITY
    shifts = [level(window.raw, window.label, window.weight) for window in known]
    raw = np.concatenate([window.raw + shift for window, shift in zip(known, shifts, strict=True)])
    shape = calibrate(raw, *_pooled(known), conversions)
    newest = known[_first_agreeing(known, shifts) :]
    recent = level(np.concatenate([window.raw for window in newest]), *_pooled(newest))
    return replace(shape, intercept=shape.intercept + shape.slope * recent, xs=tuple(x - recent for x in shape.xs))


def _pooled(windows: Sequence[Held]) -> tuple[Floats, Floats]:
    return np.concatenate([window.label for window in windows]), np.concatenate([window.weight for window in windows])


def _first_agreeing(windows: Sequence[Held], shifts: Sequence[float]) -> int:
    """Where the unbroken run of windows begins that agree with all newer ones."""
    start = len(windows) - 1
    while start > 0:
        newer = windows[start:]
        known = np.array([_information(window) for window in newer])
        mean = float(np.average(shifts[start:], weights=known))
        spread = np.sqrt(1.0 / known.sum() + 1.0 / _information(windows[start - 1]))
        if abs(shifts[start - 1] - mean) > AGREE * spread:
            break
        start -= 1
    return start


def _information(window: Held) -> float:
    """About how well the window tells its level: rows of one lead count once."""
    return max(window.conversions, 1) * (1.0 - min(float(np.average(window.label, weights=window.weight)), 0.99))
