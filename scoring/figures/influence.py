"""What moves the scores: each concept's contributions over a sample of leads, coloured by its value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scoring.figures.axes import Axis, around
from scoring.figures.figure import Figure, Json
from scoring.figures.frame import Words, head_height, keys, path, short, text, wrapped
from scoring.figures.style import GREY, SHAPES

WIDTH, LEFT, RIGHT = 760, 232, 16
ROW, RADIUS, FOOT = 30, 2.4, 72
SHOWN, CHARS = 12, 31
SHADES = 16
"""Steps from a low value to a high one: more than can be told apart."""
_LOW, _MIDDLE, _HIGH = (0x2F, 0x78, 0xD6), (0x8E, 0x86, 0x98), (0xD6, 0x3F, 0x35)


def influence(report: Json) -> Figure | None:
    """One row a concept: a dot a lead, right where it raised the chance, red where the value is high."""
    rows = [dict(found) for found in report.get("influence") or ()][:SHOWN]
    if not rows or not any(found["mean_absolute"] for found in rows):
        return None
    words = Words(
        "What moves the scores",
        "Each dot is a lead: right of the line the fact raised its chance, left lowered it. Red dots have a high value "
        "of it, blue ones a low value. The box holds the middle half of the leads.",
        "; ".join(f"{found['concept']}: mean strength {found['mean_absolute']:.2f}" for found in rows) + ".",
    )
    ends = [value for found in rows for value in (*(dot[0] for dot in found["dots"]), *found["quantiles"], 0.0)]
    axis = around("Contribution to the score (log-odds)", min(ends), max(ends))
    top = head_height(words, WIDTH)
    bottom = top + ROW * len(rows)
    parts = [*_grid(axis, top, bottom)]
    for place, found in enumerate(rows):
        parts += _row(axis, found, top + ROW * (place + 0.5))
    parts += [text((LEFT + WIDTH - RIGHT) / 2, bottom + 36, axis.label, anchor="middle"), *_key(bottom + 60)]
    parts.append(text(0, bottom + 36, "Fact, strongest first", size=12))
    return Figure("influence", words.title, words.told, wrapped(words, parts, WIDTH, bottom + FOOT), rows)


def _place(axis: Axis, value: float) -> float:
    return axis.place(value, LEFT, WIDTH - RIGHT)


def _grid(axis: Axis, top: float, bottom: float) -> list[str]:
    parts = []
    for value, label in axis.ticks():
        x = _place(axis, value)
        parts += [path([(x, top), (x, bottom)], "grid"), text(x, bottom + 17, label, anchor="middle")]
    zero = _place(axis, 0.0)
    return [*parts, path([(zero, top), (zero, bottom)], "axis")]


def _row(axis: Axis, found: Mapping[str, Any], y: float) -> list[str]:
    left, right = _place(axis, found["quantiles"][1]), _place(axis, found["quantiles"][3])
    middle = _place(axis, found["quantiles"][2])
    return [
        text(LEFT - 12, y + 4, short(str(found["concept"]), CHARS), anchor="end"),
        f'<rect class="box" {SHAPES["box"]} x="{left}" y="{y - 11}" width="{max(right - left, 1):g}" height="22"/>',
        path([(middle, y - 11), (middle, y + 11)], "axis"),
        *_swarm([(_place(axis, value), height) for value, height in found["dots"]], y),
    ]


def _swarm(dots: Sequence[tuple[float, float | None]], y: float) -> list[str]:
    """Dots that would lie on each other are set apart, up and down by turns, as far as the row allows.

    Those of one colour are one path of round ends: a fifth of the bytes of as many circles.
    """
    used: dict[int, int] = {}
    places: dict[str, list[str]] = {}
    for x, height in sorted(dots, key=lambda dot: (dot[0], -1.0 if dot[1] is None else dot[1])):
        cell = round(x / (2 * RADIUS))
        count = used[cell] = used.get(cell, -1) + 1
        step = ((count + 1) // 2) * (1 if count % 2 else -1)
        shift = max(min(step * 2.2, 12), -12)
        places.setdefault(_colour(height), []).append(f"M{x:.1f} {y + shift:.1f}h.01")
    ends = f'fill="none" stroke-width="{2 * RADIUS:g}" stroke-linecap="round"'
    return [f'<path class="dots" d="{"".join(held)}" stroke="{colour}" {ends}/>' for colour, held in places.items()]


def _colour(height: float | None) -> str:
    if height is None:
        return GREY
    height = round(height * SHADES) / SHADES
    ends = (_LOW, _MIDDLE) if height < 0.5 else (_MIDDLE, _HIGH)
    share = height * 2 if height < 0.5 else height * 2 - 1
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(*ends, strict=True))
    return f"#{red:02x}{green:02x}{blue:02x}"


def _key(y: float) -> list[str]:
    parts: list[str] = []
    for x, height, words in ((LEFT, 0.0, "low value"), (LEFT + 96, 1.0, "high value"), (LEFT + 196, None, "unknown")):
        parts += [f'<circle cx="{x + 5}" cy="{y - 4}" r="4" fill="{_colour(height)}"/>', text(x + 14, y, words)]
    return [*parts, *keys([("box", "middle half, with the median")], y, LEFT + 284)]
