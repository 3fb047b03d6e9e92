"""One lead's score as a picture: from the average lead step by step to this one. Plain SVG, no library.

Colours are attributes, so that the file stands alone; each shape has a class as well, by which a page may colour it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

SHOWN = 10
"""More steps than these are drawn as one."""
HOW_TO_READ = "Each bar starts where the one above it ends: green raises the chance, red lowers it."
UNIT = "log-odds (below: the same as a chance)"
REST = "Everything else together"

_WIDTH, _LEFT, _RIGHT = 760, 270, 70
_TOP, _ROW, _BAR, _FOOT = 62, 26, 16, 66
_LABEL_CHARS = 34
_STEPS = (0.1, 0.2, 0.25, 0.5, 1.0, 2.0, 2.5, 5.0)
_MOST_TICKS = 7
_GREEN, _RED, _BLUE = "#14713d", "#b3261e", "#1f5fbf"


@dataclass(frozen=True, slots=True)
class _Bar:
    """A step from ``start`` to ``end``; a total reaches from one end of the axis."""

    label: str
    start: float
    end: float
    is_total: bool = False


def waterfall(base: float, parts: Sequence[tuple[str, float]], *, title: str, score: str = "This lead") -> str:
    """Draw ``parts`` (name, log-odds) that lead from ``base`` to the lead's own log-odds, the strongest first.

    ``title`` says whose score it is; ``score`` names the last bar. All texts are escaped.
    """
    bars = _bars(base, parts, score)
    ends = [value for bar in bars for value in (bar.start, bar.end)]
    step = _step(max(ends) - min(ends))
    low, high = (math.floor(min(ends) / step) * step, math.ceil(max(ends) / step) * step)
    high = high if high > low else low + step
    height = _TOP + _ROW * len(bars) + _FOOT
    place = _Scale(low, high)
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="waterfall" viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'font-family="system-ui, sans-serif" font-size="13" fill="currentColor">',
        f"<title>{escape(title)}</title><desc>{escape(_told(bars))}</desc>",
        f'<text x="0" y="18" font-size="16" font-weight="600">{escape(title)}</text>',
        f'<text x="0" y="40" class="quiet" opacity="0.75">{HOW_TO_READ}</text>',
        *_axis(place, step, height),
        *(line for row, bar in enumerate(bars) for line in _row(place, row, bar, bars)),
        "</svg>",
    ]
    return "\n".join(drawn) + "\n"


@dataclass(frozen=True, slots=True)
class _Scale:
    low: float
    high: float

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(_LEFT + share * (_WIDTH - _LEFT - _RIGHT), 1)


def _bars(base: float, parts: Sequence[tuple[str, float]], score: str) -> list[_Bar]:
    ranked = sorted(parts, key=lambda part: (-abs(part[1]), part[0]))
    shown = [part for part in ranked[:SHOWN] if part[1]]
    total = base + sum(value for _, value in parts)
    rest = total - base - sum(value for _, value in shown)
    if len(ranked) > len(shown) and abs(rest) >= 0.005:
        shown.append((REST, rest))
    bars, at = [_Bar("Average lead", base, base, is_total=True)], base
    for name, value in shown:
        bars.append(_Bar(name, at, at + value))
        at += value
    return [*bars, _Bar(score, total, total, is_total=True)]


def _row(place: _Scale, row: int, bar: _Bar, bars: Sequence[_Bar]) -> list[str]:
    top = _TOP + row * _ROW
    middle, size = top + _ROW / 2, bar.end - bar.start
    start, end = place(bar.start), place(bar.end)
    text = f"{bar.end:+.2f}" if bar.is_total else f"{size:+.2f}"
    weight = ' font-weight="600"' if bar.is_total else ""
    lines = [
        f'<text x="{_LEFT - 12}" y="{middle + 4}" text-anchor="end"{weight}>{escape(_short(bar.label))}</text>',
        f'<text x="{_WIDTH}" y="{middle + 4}" text-anchor="end"{weight}>{text.replace("-", "−")}</text>',
    ]
    if bar.is_total:
        lines.append(
            f'<path class="total" d="M{start} {top + 3} V{top + _ROW - 3}" stroke="{_BLUE}" stroke-width="4"/>'
        )
    else:
        kind, colour = ("rising", _GREEN) if size > 0 else ("falling", _RED)
        width = max(abs(end - start), 1.0)
        lines.append(
            f'<rect class="{kind}" x="{min(start, end)}" y="{middle - _BAR / 2}" width="{width:.1f}" '
            f'height="{_BAR}" fill="{colour}"/>'
        )
    if row + 1 < len(bars):
        lines.append(f'<path d="M{end} {middle} V{middle + _ROW}" stroke="currentColor" opacity="0.4"/>')
    return lines


def _axis(place: _Scale, step: float, height: int) -> list[str]:
    foot = height - _FOOT
    lines = []
    for number in range(round((place.high - place.low) / step) + 1):
        value = place.low + number * step
        x = place(value)
        log_odds = f"{value:g}" if abs(value) < 1e-9 else f"{round(value, 2):+g}"
        lines += [
            f'<path d="M{x} {_TOP} V{foot}" stroke="currentColor" opacity="0.15"/>',
            f'<text x="{x}" y="{foot + 16}" text-anchor="middle" font-size="12">{log_odds.replace("-", "−")}</text>',
            f'<text x="{x}" y="{foot + 32}" text-anchor="middle" font-size="12" opacity="0.75">{_chance(value)}</text>',
        ]
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    return [*lines, f'<text x="{middle}" y="{foot + 54}" text-anchor="middle" font-size="12">{UNIT}</text>']


def _step(span: float) -> float:
    return next((step for step in _STEPS if span / step <= _MOST_TICKS - 1), _STEPS[-1])


def _chance(log_odds: float) -> str:
    chance = 100 / (1 + math.exp(-log_odds))
    digits = 0 if 1 <= chance <= 99 else 1 if 0.1 <= chance <= 99.9 else 2
    return f"{chance:.{digits}f} %"


def _short(label: str) -> str:
    return label if len(label) <= _LABEL_CHARS else label[: _LABEL_CHARS - 1] + "…"


def _told(bars: Sequence[_Bar]) -> str:
    steps = "; ".join(f"{bar.label} {bar.end - bar.start:+.2f}" for bar in bars[1:-1])
    return f"From {bars[0].start:+.2f} log-odds to {bars[-1].end:+.2f}: {steps or 'nothing between'}."
