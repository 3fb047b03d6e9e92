"""Figures of reports over a period: spans beside each other, and an amount by day."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st

from scoring.figures.axes import percent
from scoring.figures.days import by_day
from scoring.figures.figure import Figure
from scoring.figures.frame import Words
from scoring.figures.ranges import Meaning, Span, ranges
from tests.unit.scoring.test_figures import SVG, outside, parsed

WORDS = Words("A title", "How to read it.", "What it shows.")
MEANING = Meaning("Group", "Difference (points)", "difference", "95 % interval")
VALUE = st.floats(-1, 1, allow_subnormal=False)


def texts(figure: Figure) -> list[str]:
    return [text.text or "" for text in parsed(figure.svg).iter(f"{SVG}text")]


def heights(figure: Figure, kind: str) -> list[float]:
    """Where dots are, downwards."""
    return [float(one.get("cy", "")) for one in parsed(figure.svg).iter(f"{SVG}circle") if one.get("class") == kind]


@settings(max_examples=40)
@given(st.lists(st.tuples(VALUE, VALUE, VALUE), min_size=1, max_size=8))
def test_spans_lie_within_and_are_named(found: list[tuple[float, float, float]]) -> None:
    """Also where all are zero, or the value lies outside its span."""
    spans = [Span(f"<{place}>", *sorted((low, high)), value) for place, (low, high, value) in enumerate(found)]
    figure = ranges("gaps", WORDS, MEANING, spans, percent)
    assert outside(figure) == []
    assert {span.label for span in spans} <= set(texts(figure))
    assert {"Group", "Difference (points)", "difference", "95 % interval"} <= set(texts(figure))


def test_a_larger_value_stands_higher() -> None:
    """The dots in their order; the last one is the legend's."""
    spans = [Span("a", -0.2, 0.1, -0.1), Span("b", 0.0, 0.4, 0.2)]
    low, high, _ = heights(ranges("gaps", WORDS, MEANING, spans, percent), "dot")
    assert high < low
    assert figure_has_zero(ranges("gaps", WORDS, MEANING, spans))
    assert not figure_has_zero(ranges("gaps", WORDS, MEANING, spans[1:]))


def figure_has_zero(figure: Figure) -> bool:
    """Whether a line is drawn at zero."""
    return 'class="reference"' in figure.svg


@settings(max_examples=40)
@given(
    st.integers(0, 400),
    st.lists(st.tuples(st.integers(0, 400), st.floats(0, 1e6)), min_size=1, max_size=40),
)
@example(0, [(0, 5e-324)])
def test_days_lie_within_their_period(length: int, found: list[tuple[int, float]]) -> None:
    """Its first and last day are named, of one day as well."""
    first = date(2026, 1, 1)
    amounts = sorted({first + timedelta(days=day % (length + 1)): amount for day, amount in found}.items())
    last = first + timedelta(days=length)
    figure = by_day("cpu", WORDS, "Time (seconds)", amounts, (first, last))
    assert outside(figure) == []
    assert f"{first:%-d %b}" in texts(figure)
    assert length == 0 or f"{last:%-d %b}" in texts(figure)
    assert {"Day (UTC)", "Time (seconds)"} <= set(texts(figure))
