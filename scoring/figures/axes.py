"""Axes: from values to coordinates, with ticks at round numbers."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass

TICKS = 5
_SHIFT = 1e-9


def plain(value: float, step: float) -> str:
    """A number with the digits that a step of the axis needs, and a true minus."""
    digits = next((count for count in range(14) if abs(round(step, count) - step) < step * 1e-6), 14)
    return f"{value + 0.0:,.{digits}f}".replace("-", "−") if abs(value) > step * 1e-6 else "0"


def percent(value: float, step: float) -> str:
    """A share as a percentage, with the digits that a step of the axis needs (steps of 2.5 points need one)."""
    return plain(value * 100, step * 100)


@dataclass(frozen=True, slots=True)
class Axis:
    """From ``low`` to ``high`` of the data, with a tick each ``step``; ``label`` names quantity and unit."""

    label: str
    low: float
    high: float
    step: float
    written: Callable[[float, float], str] = plain

    def ticks(self) -> list[tuple[float, str]]:
        """Each tick's value and text."""
        count = round((self.high - self.low) / self.step)
        values = [self.low + index * self.step for index in range(count + 1)]
        return [(value, self.written(value, self.step)) for value in values]

    def place(self, value: float, start: float, end: float) -> float:
        """Where ``value`` lies between the coordinates ``start`` and ``end``; outside values lie on the border."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return round(start + share * (end - start), 2)


def shares(label: str) -> Axis:
    """From 0 to 100 %."""
    return Axis(label, 0.0, 1.0, 0.2, percent)


def from_zero(
    label: str, highest: float, written: Callable[[float, float], str] = plain, *, ceiling: float | None = None
) -> Axis:
    """From 0 to a round value that holds ``highest``, in about five steps; never beyond ``ceiling``."""
    step = _round_step(highest / TICKS)
    high = max(math.ceil(highest / step - _SHIFT), 1) * step
    if ceiling is not None and high > ceiling:
        return Axis(label, 0.0, ceiling, ceiling / TICKS, written)
    return Axis(label, 0.0, high, step, written)


def around(label: str, lowest: float, highest: float, written: Callable[[float, float], str] = plain) -> Axis:
    """From a round value below ``lowest`` to one above ``highest``, in about six steps."""
    span = highest - lowest
    step = _round_step((span if span > _SHIFT * (1 + abs(highest)) else max(abs(highest), 1.0)) / TICKS)
    low, high = math.floor(lowest / step + _SHIFT) * step, math.ceil(highest / step - _SHIFT) * step
    return Axis(label, low, high if high > low else low + step, step, written)


def _round_step(raw: float) -> float:
    # The least of all numbers can't be divided: a fifth of it is nothing.
    raw = max(raw, sys.float_info.min)
    unit = 10.0 ** math.floor(math.log10(raw))
    return next(unit * factor for factor in (1, 2, 2.5, 5, 10) if unit * factor >= raw * (1 - _SHIFT))
