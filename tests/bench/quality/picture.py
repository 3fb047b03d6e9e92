"""One picture: the AUC difference of ours to every peer, case by case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from tests.bench.quality.measure import LINE, OURS

WIDTH, LEFT, TOP, STEP = 900, 250, 74, 46
REACH = 0.06
"""Differences beyond this (AUC) are drawn at the border."""
COLOURS = ("#4477aa", "#ee6677", "#228833", "#ccbb44", "#aa3377")
INK, FAINT = "#222", "#bbb"


def svg(rows: Sequence[Mapping[str, Any]]) -> str:
    """Points: AUC of ours less a peer's. Bar: 95 % interval to the best peer."""
    height = TOP + STEP * len(rows) + 78
    body = [
        _text(16, 26, "Ours beside five tuned peers: difference in AUC", 18),
        _text(16, 48, _HOW, 12),
        *_axis(TOP + STEP * len(rows)),
        *(mark for place, row in enumerate(rows) for mark in _case(row, TOP + STEP * place + STEP // 2)),
        *_legend([name for name in rows[0]["methods"] if name != OURS], height - 14),
    ]
    start = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">'
    return "\n".join([start, f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>', *body, "</svg>\n"])


_HOW = (
    "How to read: right of 0 ours ranks better. The bar is the 95 % interval to the peer that was best on validation "
    f"(large point); it should not reach below {LINE} (dashed)."
)


def _case(row: Mapping[str, Any], y: int) -> list[str]:
    marks = [_text(LEFT - 12, y + 4, row["name"], 13, "end")]
    gap = row["difference"]
    marks.append(
        f'<line x1="{_x(gap["low"])}" x2="{_x(gap["high"])}" y1="{y}" y2="{y}" stroke="{INK}" stroke-width="3"/>'
    )
    mine = row["methods"][OURS]["auc"]["value"]
    for colour, name in zip(COLOURS, [name for name in row["methods"] if name != OURS], strict=True):
        radius = 6 if name == row["best_peer"] else 3.5
        x = _x(mine - row["methods"][name]["auc"]["value"])
        marks.append(f'<circle cx="{x}" cy="{y}" r="{radius}" fill="{colour}"><title>{escape(name)}</title></circle>')
    return marks


def _axis(bottom: int) -> list[str]:
    marks = []
    for share in (-0.06, -0.04, -0.02, 0.0, 0.02, 0.04, 0.06):
        x, colour = _x(share), INK if share == 0 else FAINT
        marks.append(f'<line x1="{x}" x2="{x}" y1="{TOP}" y2="{bottom}" stroke="{colour}"/>')
        marks.append(_text(x, bottom + 18, f"{share:+.2f}", 12, "middle"))
    x = _x(LINE)
    marks.append(f'<line x1="{x}" x2="{x}" y1="{TOP}" y2="{bottom}" stroke="{INK}" stroke-dasharray="4 4"/>')
    marks.append(_text(_x(0.0), bottom + 38, "AUC of ours less that of the peer, test windows", 13, "middle"))
    return marks


def _legend(names: Sequence[str], y: int) -> list[str]:
    marks = []
    for place, (colour, name) in enumerate(zip(COLOURS, names, strict=True)):
        x = 60 + place * 165
        marks += [f'<circle cx="{x}" cy="{y - 4}" r="5" fill="{colour}"/>', _text(x + 12, y, name, 12)]
    return marks


def _x(share: float) -> float:
    kept = max(-REACH, min(REACH, share))
    return round(LEFT + (kept + REACH) / (2 * REACH) * (WIDTH - LEFT - 30), 1)


def _text(x: float, y: float, words: str, size: int, anchor: str = "start") -> str:
    return f'<text x="{x}" y="{y}" font-size="{size}" fill="{INK}" text-anchor="{anchor}">{escape(words)}</text>'
