"""The frame of a figure: title, one line on how to read it, both axes with their units, marks and a legend."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from scoring.figures.axes import Axis
from scoring.figures.style import FONT, SHAPES

Point = Sequence[float]

WIDTH, LEFT, RIGHT = 560, 62, 26
HEIGHT = 250
"""Of the part between the axes."""
_TITLE, _LINE, _FOOT = 20, 16, 46
_READING_CHARS = 84
_CHAR = 6.4
"""About the width of a character, in the figure's own units."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a figure says: its title, how to read it in one line, and what it shows, for who can't see it."""

    title: str
    reading: str
    told: str


@dataclass(frozen=True, slots=True)
class Frame:
    """A drawing area with two axes; ``top`` is its upper border."""

    across: Axis
    up: Axis
    top: float

    def at(self, point: Point) -> tuple[float, float]:
        """The coordinates of a point of the data."""
        x = self.across.place(point[0], LEFT, WIDTH - RIGHT)
        return x, self.up.place(point[1], self.top + HEIGHT, self.top)

    def line(self, points: Sequence[Point], shape: str = "curve") -> str:
        """A line through ``points``."""
        return path([self.at(point) for point in points], shape)

    def dot(self, point: Point, shape: str = "dot", radius: float = 4, title: str = "") -> str:
        """A dot; ``title`` is told where a pointer rests on it."""
        x, y = self.at(point)
        told = f"<title>{escape(title)}</title>" if title else ""
        return f'<circle {drawn_as(shape)} cx="{x}" cy="{y}" r="{radius}">{told}</circle>'

    def note(self, point: Point, words: str, *, anchor: str = "start", shift: tuple[float, float] = (6, -6)) -> str:
        """Words beside a point."""
        x, y = self.at(point)
        return text(x + shift[0], y + shift[1], words, anchor=anchor, size=11)


def framed(words: Words, axes: tuple[Axis, Axis]) -> Frame:
    """The frame under the words of a figure."""
    return Frame(axes[0], axes[1], head_height(words))


def figure(words: Words, frame: Frame, marks: Sequence[str], legend: Sequence[tuple[str, str]] = ()) -> str:
    """The whole figure as SVG. ``legend``: shape and what it means; shapes that are dots end in their class."""
    bottom = frame.top + HEIGHT
    height = bottom + _FOOT + (24 if legend else 0)
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts = [
        *_grid(frame, bottom),
        *marks,
        text(middle, bottom + 38, frame.across.label, anchor="middle"),
        f'<text transform="translate(14 {frame.top + HEIGHT / 2}) rotate(-90)" text-anchor="middle">'
        f"{escape(frame.up.label)}</text>",
        *keys(legend, height - 10),
    ]
    return wrapped(words, parts, WIDTH, height)


def wrapped(words: Words, parts: Sequence[str], width: float, height: float) -> str:
    """``parts`` as a picture with title and reading above them."""
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="figure" viewBox="0 0 {width:g} {height:g}" role="img" {FONT}>',
        f"<title>{escape(words.title)}</title><desc>{escape(f'{words.reading} {words.told}')}</desc>",
        f'<text x="0" y="{_TITLE - 3}" font-size="16" font-weight="600">{escape(words.title)}</text>',
        *(
            f'<text x="0" y="{_TITLE + _LINE * (row + 1)}" opacity="0.8">{escape(line)}</text>'
            for row, line in enumerate(_reading(words, width))
        ),
        *parts,
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def head_height(words: Words, width: float = WIDTH) -> float:
    """How much room title and reading take."""
    return _TITLE + _LINE * len(_reading(words, width)) + 20


def keys(legend: Sequence[tuple[str, str]], y: float, x: float = LEFT) -> list[str]:
    """A row that says what the shapes mean."""
    parts = []
    for shape, meaning in legend:
        parts += [_key(shape, x, y), text(x + 26, y, meaning)]
        x += 26 + len(meaning) * _CHAR + 18
    return parts


def drawn_as(shape: str) -> str:
    """Class and attributes of a shape."""
    return f'class="{shape}" {SHAPES[shape]}'


def path(points: Sequence[tuple[float, float]], shape: str) -> str:
    """A line through coordinates."""
    return f'<path {drawn_as(shape)} d="M{" L".join(f"{x:g} {y:g}" for x, y in points)}"/>'


def text(x: float, y: float, words: str, *, anchor: str = "start", size: int = 12, weight: int = 400) -> str:
    """Words at a place; ``anchor`` is start, middle or end."""
    bold = f' font-weight="{weight}"' if weight != 400 else ""
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" font-size="{size}"{bold}>{escape(words)}</text>'


def short(label: str, chars: int) -> str:
    """``label``, cut where it would not fit."""
    return label if len(label) <= chars else label[: chars - 1].rstrip() + "…"


def _reading(words: Words, width: float) -> list[str]:
    return textwrap.wrap(words.reading, int(_READING_CHARS * width / WIDTH))


def _grid(frame: Frame, bottom: float) -> list[str]:
    lines = []
    for value, label in frame.up.ticks():
        y = frame.up.place(value, bottom, frame.top)
        lines += [path([(LEFT, y), (WIDTH - RIGHT, y)], "grid"), text(LEFT - 8, y + 4, label, anchor="end")]
    for value, label in frame.across.ticks():
        lines.append(text(frame.across.place(value, LEFT, WIDTH - RIGHT), bottom + 18, label, anchor="middle"))
    return [*lines, path([(LEFT, frame.top), (LEFT, bottom), (WIDTH - RIGHT, bottom)], "axis")]


def _key(shape: str, x: float, y: float) -> str:
    if shape.startswith(("dot", "ring")):
        return f'<circle {drawn_as(shape)} cx="{x + 12}" cy="{y - 4}" r="4"/>'
    if shape in {"bar", "box"}:
        return f'<rect {drawn_as(shape)} x="{x + 4}" y="{y - 10}" width="16" height="11"/>'
    return path([(x, y - 4), (x + 20, y - 4)], shape)
