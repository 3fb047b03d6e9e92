"""A picture of a case: one bar a method, with its interval. Plain SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

WIDTH, LEFT, TOP, STEP, BAR = 820, 300, 78, 34, 18
INK, FAINT, FILL = "#222", "#bbb", "#4477aa"


@dataclass(frozen=True, slots=True)
class Bar:
    """A value with half of its 95 % interval (0: none)."""

    name: str
    value: float
    spread: float = 0.0


def draw(path: Path, title: str, how: str, axis: tuple[str, float, float], bars: Sequence[Bar]) -> None:
    """Write the picture; ``axis``: what is shown, where it begins and ends."""
    label, low, high = axis
    bottom = TOP + STEP * len(bars)
    body = [_text(16, 26, title, 18), _text(16, 50, how, 12)]
    for share in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0):
        x = LEFT + share * (WIDTH - LEFT - 70)
        body.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 8}" y2="{bottom}" stroke="{FAINT}"/>')
        body.append(_text(x, bottom + 18, f"{low + share * (high - low):.2f}", 12, "middle"))
    for place, bar in enumerate(bars):
        body += _bar(bar, TOP + STEP * place, low, high)
    body.append(_text((LEFT + WIDTH - 70) / 2, bottom + 40, label, 13, "middle"))
    start = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom + 52}" role="img" '
        f'font-family="sans-serif"><title>{escape(title)}</title>'
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    ground = f'<rect width="{WIDTH}" height="{bottom + 52}" fill="#fff"/>'
    path.write_text("\n".join([start, ground, *body, "</svg>\n"]))


def _bar(bar: Bar, y: int, low: float, high: float) -> list[str]:
    def at(value: float) -> float:
        return LEFT + (min(max(value, low), high) - low) / (high - low) * (WIDTH - LEFT - 70)

    middle = y + BAR / 2
    marks = [
        _text(LEFT - 10, middle + 5, bar.name, 13, "end"),
        f'<rect x="{LEFT}" y="{y}" width="{max(at(bar.value) - LEFT, 1):.1f}" height="{BAR}" fill="{FILL}"/>',
        _text(at(bar.value + bar.spread) + 8, middle + 5, f"{bar.value:.3f}", 13),
    ]
    if bar.spread:
        ends = f'x1="{at(bar.value - bar.spread):.1f}" x2="{at(bar.value + bar.spread):.1f}"'
        marks.append(f'<line {ends} y1="{middle}" y2="{middle}" stroke="{INK}" stroke-width="2"/>')
    return marks


def _text(x: float, y: float, words: str, size: int, anchor: str = "start") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}"'
    return f'<text {place} fill="{INK}">{escape(words)}</text>'
