"""Geometry of the charts: data in, coordinates out; a template draws them as SVG.

Coordinates are the viewBox's own units, y downwards. Colours and fonts are CSS classes, so
that one picture serves light and dark.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from connector.services.reports.lead import ScoreCard
from scoring.waterfall import REST, waterfall

Point = tuple[float, float]

WIDTH, HEIGHT = 400, 280
LEFT, RIGHT, TOP, BOTTOM = 54, 14, 14, 48
_TICKS = 5
_LEAST_CHANCE = 0.01
"""The calibration chart shows at least chances up to this."""


@dataclass(frozen=True, slots=True)
class Axis:
    """From ``low`` to ``high`` of the data, with a tick each ``step``."""

    low: float
    high: float
    step: float

    def ticks(self) -> list[float]:
        """Return the ticks' values."""
        count = round((self.high - self.low) / self.step)
        return [self.low + index * self.step for index in range(count + 1)]

    def place(self, value: float, start: float, end: float) -> float:
        """Return where ``value`` lies between the coordinates ``start`` and ``end``."""
        return round(start + (value - self.low) / (self.high - self.low) * (end - start), 2)


@dataclass(frozen=True, slots=True)
class Tick:
    """A labelled place on an axis."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing of one curve: its path, its dots, a reference line, and the axes' ticks."""

    line: str
    dots: tuple[Point, ...]
    reference: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]


def lift_chart(points: Sequence[Point]) -> Chart:
    """Draw lift by share of the list: x is a share of the leads, 0–1, y a multiple of random."""
    across = Axis(0.0, 1.0, 0.2)
    random = [(0.0, 1.0), (1.0, 1.0)]
    up = _nice(max(y for _, y in [*points, *random]))
    return _chart(points, random, (across, up), (_percent, _times))


def calibration_chart(points: Sequence[Point]) -> Chart:
    """Draw stated chance against observed rate, both 0–1 on one scale; the reference is their equality."""
    axis = _nice(max(_LEAST_CHANCE, *(max(point) for point in points)), ceiling=1.0)
    equal = [(0.0, 0.0), (axis.high, axis.high)]
    return _chart(points, equal, (axis, axis), (_percent, _percent), dotted=True)


def lead_waterfall(card: ScoreCard) -> Markup:
    """Draw how a score comes about, from the average lead to this one; the drawing escapes its texts."""
    parts: Sequence[tuple[str, float]] = [(part.sentence, part.log_odds) for part in card.contributions]
    if card.details:
        parts = card.details.concepts
    elif card.other:
        parts = [*parts, (REST, card.other)]
    title = f"From the average lead to a score of {card.score:.1f}"
    return Markup(waterfall(card.base, parts, title=title))  # noqa: S704 # escaped where it is drawn


def _chart(
    points: Sequence[Point],
    reference: Sequence[Point],
    axes: tuple[Axis, Axis],
    labels: tuple[Callable[[float, float], str], Callable[[float, float], str]],
    *,
    dotted: bool = False,
) -> Chart:
    across, up = axes

    def place(point: Point) -> Point:
        x = across.place(point[0], LEFT, WIDTH - RIGHT)
        return x, up.place(point[1], HEIGHT - BOTTOM, TOP)

    placed = [place(point) for point in points]
    return Chart(
        line=_path(placed),
        dots=tuple(placed) if dotted else (),
        reference=_path([place(point) for point in reference]),
        x_ticks=tuple(Tick(place((value, up.low))[0], labels[0](value, across.step)) for value in across.ticks()),
        y_ticks=tuple(Tick(place((across.low, value))[1], labels[1](value, up.step)) for value in up.ticks()),
    )


def _path(points: Sequence[Point]) -> str:
    return "M" + " L".join(f"{x:g} {y:g}" for x, y in points)


def _nice(highest: float, ceiling: float | None = None) -> Axis:
    """Return an axis from 0 with about five ticks at round values that holds ``highest``."""
    raw = highest / _TICKS
    unit = 10.0 ** math.floor(math.log10(raw))
    step = next(unit * factor for factor in (1, 2, 2.5, 5, 10) if unit * factor >= raw * (1 - 1e-9))
    high = math.ceil(highest / step - 1e-9) * step
    if ceiling is not None and high > ceiling:
        return Axis(0.0, ceiling, ceiling / _TICKS)
    return Axis(0.0, high, step)


def _percent(value: float, step: float) -> str:
    digits = max(0, -math.floor(math.log10(step * 100) + 1e-9))
    return f"{value * 100:.{digits}f}"


def _times(value: float, step: float) -> str:
    digits = 0 if step >= 1 and step == int(step) else 1
    return f"{value:.{digits}f}"


GLOBALS: Mapping[str, object] = {
    "lift_chart": lift_chart,
    "calibration_chart": calibration_chart,
    "waterfall": lead_waterfall,
    "chart_box": {"width": WIDTH, "height": HEIGHT, "left": LEFT, "right": RIGHT, "top": TOP, "bottom": BOTTOM},
}
"""What the templates call."""
