"""Figures of setting up: every lead is a dot within the picture, and every month has its place."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.figures.months import months
from scoring.figures.strip import strip

SVG = "{http://www.w3.org/2000/svg}"
ROW = st.tuples(st.sampled_from(["won 7 d", "lost 30 d"]), st.booleans(), st.lists(st.floats(0, 1), max_size=50))


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # noqa: S314 # our own text


def dots(drawn: ElementTree.Element) -> list[tuple[float, float]]:
    """Where dots with a title are: those of the legend have none."""
    circles = [one for one in drawn.iter(f"{SVG}circle") if one.find(f"{SVG}title") is not None]
    return [(float(one.get("cx", "")), float(one.get("cy", ""))) for one in circles]


@settings(max_examples=15)
@given(st.lists(ROW, min_size=1, max_size=6))
def test_every_lead_is_a_dot_within_the_picture(rows: list[tuple[str, bool, list[float]]]) -> None:
    """Misses are drawn as hits are."""
    drawn = parsed(strip(rows, "It is told."))
    width, height = (float(part) for part in drawn.get("viewBox", "").split()[2:])
    found = dots(drawn)
    assert len(found) == sum(len(places) for _, _, places in rows)
    assert all(0 <= x <= width and 0 <= y <= height for x, y in found)
    assert "It is told." in (drawn.findtext(f"{SVG}desc") or "")


def test_who_stands_above_more_stands_further_to_the_right() -> None:
    """The dashed line parts the top fifth from the rest."""
    drawn = parsed(strip([("won 30 d", True, [0.1, 0.79, 0.81, 1.0])], ""))
    (line,) = [one.get("d", "") for one in drawn.iter(f"{SVG}path") if one.get("class") == "reference"][:1]
    top = float(re.findall(r"M([\d.]+)", line)[0])
    places = [x for x, _ in dots(drawn)]
    assert places == sorted(places)
    assert [x > top for x in places] == [False, False, True, True]


@settings(max_examples=15)
@given(st.lists(st.integers(0, 100_000), min_size=2, max_size=13))
def test_every_month_has_its_place(counts: list[int]) -> None:
    """Also one in which nobody converted."""
    drawn = parsed(months([(f"m{place}", count) for place, count in enumerate(counts)], "Deal won"))
    width, height = (float(part) for part in drawn.get("viewBox", "").split()[2:])
    found = dots(drawn)
    assert len(found) == len(counts)
    assert all(0 <= x <= width and 0 <= y <= height for x, y in found)
    said = [one.text or "" for one in drawn.iter(f"{SVG}text")]
    assert {f"m{place}" for place in range(len(counts))} <= set(said)
