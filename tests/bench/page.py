"""The page and the picture of all benchmarks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

WIDTH, LEFT, TOP, STEP = 960, 520, 84, 20
INK, FAINT, HELD, MISSED = "#222", "#bbb", "#4477aa", "#cc3311"
REACH = 1.0
"""How far beside the line it is drawn: to a tenth and to ten times what is asked."""
INTRODUCTION = (
    "# Benchmarks\n\n"
    "What `make bench` measured, line by line. *Limit* is what the same run computed or measured beside it: a "
    "published ceiling, a peer's figure, LightGBM's own prediction. *Ratio* is reached over limit, turned where less "
    "is better, so that higher is better everywhere; *asked* is the least ratio.\n\n"
    "*Spread* is the standard deviation of the runs, or half of a 95 % interval. Figures of speed belong to the "
    "machine that is named; generated data are drawn afresh in every full run.\n"
)


def page(found: Mapping[str, Mapping[str, Any]], drawn: Path) -> str:
    """The page in Markdown."""
    parts = [INTRODUCTION, f"![How far every line lies above what is asked]({drawn.as_posix()})", ""]
    for name, one in found.items():
        told = [one["machine"], *(f"{key} {value}" for key, value in one["settings"].items() if key != "published")]
        parts += [f"## {one['about']}", "", f"`make bench-{name}`, {one['date']}, {'; '.join(told)}.", ""]
        parts += [
            "| what | reached | limit | ratio | asked | of | spread | unit |",
            "|---|---|---|---|---|---|---|---|",
        ]
        parts += [_line(name, row) for row in one["rows"]]
        parts.append("")
    return "\n".join(parts)


def _called(name: str, row: Mapping[str, Any]) -> str:
    """A line's name, with its case where a benchmark has several."""
    case, own = row.get("case", name), str(row["name"]).strip()
    return own if case == name else f"{case}: {own}"


def _line(name: str, row: Mapping[str, Any]) -> str:
    asked = "–" if row["required"] is None else f"{row['required']:.3g}{'' if row['held'] else ' **not held**'}"
    cells = (_called(name, row), *(f"{row[key]:.4g}" for key in ("achieved", "limit", "ratio")), asked)
    return f"| {' | '.join(cells)} | {row['median_of']} | {row['spread']:.2g} | {row['unit']} |"


def picture(found: Mapping[str, Mapping[str, Any]]) -> str:
    """One bar for each line of which something is asked: its ratio over the least one, in decades."""
    asked = [(name, row) for name, one in found.items() for row in one["rows"] if row["required"]]
    bottom = TOP + STEP * len(asked)
    body = [
        _text(16, 28, "What is asked, and what was reached", 18),
        _text(16, 52, "How to read: bars to the right of 1 hold what is asked, and by what factor (logarithmic).", 12),
        *_axis(bottom),
        *(mark for place, (name, row) in enumerate(asked) for mark in _bar(name, row, TOP + STEP * place)),
    ]
    start = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom + 56}" font-family="sans-serif">'
    return "\n".join([start, f'<rect width="{WIDTH}" height="{bottom + 56}" fill="#fff"/>', *body, "</svg>\n"])


def _axis(bottom: int) -> Iterator[str]:
    for factor in (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0):
        x, colour = _x(factor), INK if factor == 1.0 else FAINT
        yield f'<line x1="{x}" x2="{x}" y1="{TOP - 10}" y2="{bottom}" stroke="{colour}"/>'
        yield _text(x, bottom + 18, f"{factor:g}", 12, "middle")
    yield _text(_x(1.0), bottom + 40, "ratio reached over the least ratio asked", 13, "middle")


def _bar(name: str, row: Mapping[str, Any], y: int) -> Iterator[str]:
    reached = row["ratio"] / row["required"]
    ends = sorted((_x(1.0), _x(reached)))
    yield _text(LEFT - 10, y + 12, f"{name}: {_called(name, row)}"[:84], 11, "end")
    colour = HELD if row["held"] else MISSED
    width = max(ends[1] - ends[0], 2.0)
    yield f'<rect x="{ends[0]}" y="{y + 2}" width="{width:.1f}" height="{STEP - 6}" fill="{colour}"/>'
    yield _text(ends[1] + 6, y + 13, f"{reached:.3g} ×", 11)


def _x(factor: float) -> float:
    decades = max(-REACH, min(REACH, math.log10(max(factor, 1e-9))))
    return round(LEFT + (decades + REACH) / (2 * REACH) * (WIDTH - LEFT - 70), 1)


def _text(x: float, y: float, words: str, size: int, anchor: str = "start") -> str:
    return f'<text x="{x}" y="{y}" font-size="{size}" fill="{INK}" text-anchor="{anchor}">{escape(words)}</text>'
