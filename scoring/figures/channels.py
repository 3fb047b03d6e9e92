"""How often leads of each channel convert, with what that may be by chance."""

from __future__ import annotations

from collections.abc import Sequence

from scoring.figures.axes import from_zero, percent
from scoring.figures.figure import told_percent
from scoring.figures.frame import Words, drawn_as, head_height, keys, path, short, text, wrapped

WIDTH, LEFT, RIGHT = 560, 170, 26
ROW, FOOT = 28, 74
SHOWN, CHARS = 12, 23

ChannelRate = tuple[str, int, float, float, float]
"""A channel, its leads, their rate, and the ends of its 95 % interval."""


def channels(found: Sequence[ChannelRate]) -> str:
    """One row a channel (one or more; the first twelve are drawn), as SVG."""
    rows = found[:SHOWN]
    words = Words(
        "Conversion by channel",
        "The dots are rates that were seen, the bars their 95 % intervals. Channels whose bars overlap may be equally "
        "good: spend moves for a difference, not for a dot.",
        "; ".join(f"{name}: {told_percent(rate)} of {leads:,} leads" for name, leads, rate, _, _ in rows) + ".",
    )
    axis = from_zero("Leads that converted (%)", max(high for *_, high in rows) or 0.01, percent, ceiling=1.0)
    top = head_height(words, WIDTH)
    bottom = top + ROW * len(rows)
    parts = []
    for value, label in axis.ticks():
        x = axis.place(value, LEFT, WIDTH - RIGHT)
        parts += [path([(x, top), (x, bottom)], "grid"), text(x, bottom + 17, label, anchor="middle")]
    parts.append(path([(LEFT, top), (LEFT, bottom), (WIDTH - RIGHT, bottom)], "axis"))
    for place, (name, leads, rate, low, high) in enumerate(rows):
        y = top + ROW * (place + 0.5)
        left, at, right = (axis.place(value, LEFT, WIDTH - RIGHT) for value in (low, rate, high))
        parts += [
            text(LEFT - 10, y + 4, short(name, CHARS), anchor="end"),
            path([(left, y), (right, y)], "interval"),
            f'<circle {drawn_as("dot")} cx="{at}" cy="{y:g}" r="4"><title>{leads:,} leads</title></circle>',
        ]
    parts.append(text((LEFT + WIDTH - RIGHT) / 2, bottom + 38, axis.label, anchor="middle"))
    parts.append(text(0, bottom + 38, "Channel, most leads first"))
    parts += keys((("dot", "seen"), ("interval", "95 % interval")), bottom + FOOT - 12, LEFT)
    return wrapped(words, parts, WIDTH, bottom + FOOT)
