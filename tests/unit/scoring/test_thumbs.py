"""Figures of thumbs: what is on them, and that nothing runs into each other."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from scoring.figures.thumbs import Share, by_tier, by_week

SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[str]:
    """Every text of a drawing that is seen."""
    drawn = ElementTree.fromstring(svg)  # noqa: S314 # our own drawing
    return [one.text or "" for one in drawn.iter(f"{SVG}text")]


def test_tiers_stand_with_their_shares_and_intervals() -> None:
    svg = by_tier([Share("High-Intent", 40, 0.9, 0.77, 0.96), Share("Low", 10, 0.4, 0.17, 0.69)])
    assert {"High-Intent", "Low", "Tier of the score", "Thumbs up (%)"} <= set(texts(svg))
    assert svg.count("<circle") == 3  # one of them in the legend
    assert "High-Intent: 90 % of 40; Low: 40 % of 10." in svg
    assert "look at the reasons first" in " ".join(texts(svg))


@pytest.mark.parametrize(("weeks", "named"), [(1, 1), (7, 7), (8, 4), (12, 6)])
def test_of_many_weeks_the_newest_and_every_other_one_before_are_named(weeks: int, named: int) -> None:
    found = [Share(f"{day} Jan", 5, 0.5, 0.2, 0.8) for day in range(1, weeks + 1)]
    told = [text for text in texts(by_week(found)) if text.endswith(" Jan")]
    assert len(told) == named
    assert told[-1] == f"{weeks} Jan"
