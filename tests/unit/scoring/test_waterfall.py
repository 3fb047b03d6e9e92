"""The picture of a score: every bar where the numbers say, and readable by itself."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.waterfall import HOW_TO_READ, SHOWN, UNIT, waterfall

SVG = "{http://www.w3.org/2000/svg}"
PARTS = st.lists(st.tuples(st.text(max_size=60), st.floats(-6, 6)), max_size=25)


def _drawn(base: float, parts: list[tuple[str, float]]) -> ElementTree.Element:
    return ElementTree.fromstring(waterfall(base, parts, title="From <one> & another"))  # noqa: S314 # our own text


def _totals(drawn: ElementTree.Element) -> list[float]:
    """Where the first and the last bar stand."""
    return [float(path.get("d", "").split()[0][1:]) for path in drawn.iter(f"{SVG}path") if path.get("class")]


@given(base=st.floats(-8, 8), parts=PARTS.filter(lambda parts: all(name.isprintable() for name, _ in parts)))
def test_the_bars_lead_from_the_average_to_the_lead(base: float, parts: list[tuple[str, float]]) -> None:
    """Widths add up to the way, nothing leaves the picture, rising is rising."""
    drawn = _drawn(base, parts)
    first, last = _totals(drawn)
    bars = list(drawn.iter(f"{SVG}rect"))
    assert len(bars) <= SHOWN + 1
    box = [float(value) for value in drawn.get("viewBox", "").split()]
    at = first
    for bar in bars:
        x, width = float(bar.get("x", "")), float(bar.get("width", ""))
        assert 0 <= x <= x + width <= box[2]
        start, end = (x, x + width) if bar.get("class") == "rising" else (x + width, x)
        # A bar is at least a point wide, and places are rounded to tenths.
        assert start == pytest.approx(at, abs=1.2)
        at = end
    assert last == pytest.approx(at, abs=1.2)


def test_it_can_be_read_alone() -> None:
    """Title, how to read it, the axis with its unit, each part by name with its sign, and the rest."""
    parts = [(f"Part {number}", 0.5 - number / 10) for number in range(14)]
    text = waterfall(-2.0, parts, title="From <one> & another")
    for said in ("From &lt;one&gt; &amp; another", HOW_TO_READ, UNIT, "Part 13", "+0.50", "−0.80", "Everything else"):
        assert said in text
    assert "This lead" in text
    assert ">12 %<" in text


def test_a_lead_like_the_average_has_a_picture_too() -> None:
    """Without any part."""
    assert _totals(_drawn(-1.0, []))[0] == _totals(_drawn(-1.0, []))[1]
