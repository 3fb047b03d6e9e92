"""Figures of a report: well-formed, named, with axes, nothing outside, and nothing invented where numbers lack."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.delays import delay_curve
from scoring.evaluation import Window, curves
from scoring.figures import Figure, as_file, figures
from scoring.figures.axes import Axis, around, from_zero, percent, plain, shares
from scoring.figures.thresholds import thresholds
from scoring.schema import CONVERSIONS, LEADS
from tests.unit.scoring.reports import small
from tests.unit.scoring.worlds import AS_OF, DATED_GOAL, ORDERED_GOAL, START, frame, history

SVG = "{http://www.w3.org/2000/svg}"
SHARE = st.floats(0, 1)
NAMES = {"learning-curve", "lift", "gain", "roc", "precision-recall", "reliability", "influence", "delay", "leakage"}


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    return small()


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # noqa: S314 # our own text


def outside(figure: Figure) -> list[str]:
    """Places that lie outside the picture; texts turned by 90° have no place of their own."""
    drawn = parsed(figure.svg)
    width, height = (float(value) for value in drawn.get("viewBox", "").split()[2:])
    places = [(float(one.get("cx", "")), float(one.get("cy", ""))) for one in drawn.iter(f"{SVG}circle")]
    places += [(float(one.get("x", "")), float(one.get("y", ""))) for one in drawn.iter(f"{SVG}text") if one.get("x")]
    for line in drawn.iter(f"{SVG}path"):
        places += [(float(x), float(y)) for x, y in re.findall(r"(-?[\d.]+) (-?[\d.]+)", line.get("d", ""))]
    return [f"{x} {y}" for x, y in places if not (0 <= x <= width and 0 <= y <= height)]


def test_a_training_has_all_figures(report: dict[str, Any]) -> None:
    """Each can be read alone: title, description, how to read it, both axes; its numbers are JSON."""
    drawn = figures(report)
    assert set(drawn) == NAMES
    for figure in drawn.values():
        root = parsed(figure.svg)
        assert root.get("role") == "img"
        assert root.findtext(f"{SVG}title") == figure.title
        assert len(root.findtext(f"{SVG}desc") or "") > 40
        words = [text.text or "" for text in root.iter(f"{SVG}text")]
        assert figure.title in words
        assert not outside(figure)
        assert json.loads(json.dumps(figure.data)) == figure.data
        assert "style=" not in figure.svg, "a page's security policy forbids it"
    assert parsed(as_file(drawn["roc"].svg)).find(f"{SVG}style") is not None


@pytest.mark.parametrize(
    ("name", "units"),
    [
        ("lift", ("leads called, best first (%)", "against random (×)")),
        ("gain", ("leads called, best first (%)", "conversions reached (%)")),
        ("roc", ("false positives, %", "true positives, %")),
        ("precision-recall", ("recall, %", "precision, %")),
        ("reliability", ("Stated chance", "converted (%)")),
        ("influence", ("log-odds", "Fact")),
        ("delay", ("Days since", "converted (%)")),
        ("leakage", ("AUC", "with a value (%)")),
        ("learning-curve", ("Leads learned from", "AUC on newer leads")),
    ],
)
def test_both_axes_are_labelled_with_their_units(report: dict[str, Any], name: str, units: tuple[str, str]) -> None:
    assert all(unit in figures(report)[name].svg for unit in units)


def test_a_report_without_numbers_has_no_figures(report: dict[str, Any]) -> None:
    """Nothing is invented: an empty report, a window of one class."""
    assert figures({}) == {}
    empty = {name: [] for name in report["curves"]}
    assert not set(figures(report | {"curves": empty})) & {"lift", "gain", "roc", "precision-recall", "reliability"}


def test_what_fields_are_called_is_text(report: dict[str, Any]) -> None:
    """A field may be called anything, at any length."""
    odd = "<b>&" + "x" * 80
    leaks = [one | {"label": odd} for one in report["leakage"]]
    moving = [one | {"concept": odd} for one in report["influence"]]
    drawn = figures(report | {"leakage": leaks, "influence": moving})
    for name in ("leakage", "influence"):
        parsed(drawn[name].svg)
        assert "<b>" not in drawn[name].svg


def test_the_same_report_gives_the_same_picture(report: dict[str, Any]) -> None:
    assert figures(report) == figures(json.loads(json.dumps(report)))


def _window(label: list[int], chance: list[float]) -> Window:
    count = len(label)
    log_odds = np.log(np.array(chance) / (1 - np.array(chance)))
    return Window(np.array(label, float), np.ones(count), log_odds, np.arange(count), np.ones(count))


def test_curves_pass_through_what_can_be_counted() -> None:
    """Four of eight converted; the best two did, so the best half holds three of the four."""
    found = curves(_window([1, 1, 0, 1, 0, 0, 1, 0], [0.9, 0.8, 0.7, 0.6, 0.4, 0.3, 0.2, 0.1]))
    assert [0.5, 0.75] in found["gain"]
    assert [0.5, 1.5] in found["lift"]
    assert [0.0, 0.5] in found["roc"]
    assert [0.25, 0.75] in found["roc"]
    assert [0.75, 0.75] in found["pr"]
    assert found["roc"][-1] == [1.0, 1.0]
    assert curves(_window([0, 1, 0], [0.9, 0.8, 0.1]))["pr"] == [[1.0, 0.5], [1.0, 0.33333]]
    assert sum(part["rows"] for part in found["reliability"]) == 8
    assert sum(part["conversions"] for part in found["reliability"]) == 4
    assert all(part["low"] <= part["observed"] <= part["high"] for part in found["reliability"])


def test_influence_is_told_with_spread_and_direction(report: dict[str, Any]) -> None:
    """Strongest first; the direction has the sign that the planted effect has; ranks are shares."""
    told = report["influence"]
    strength = [one["mean_absolute"] for one in told]
    assert strength == sorted(strength, reverse=True)
    assert all(one["quantiles"] == sorted(one["quantiles"]) for one in told)
    assert all(rank is None or 0 <= rank <= 1 for one in told for _, rank in one["dots"])
    size = next(one for one in told if one["concept"] == "Company size")
    assert size["direction"] > 0.5


def test_influence_has_a_dot_for_each_lead(report: dict[str, Any]) -> None:
    """Dots of one colour are one path; none is lost, and a low value has another colour than a high one."""
    ends = [{"concept": "A", "mean_absolute": 1.0, "quantiles": [0.0] * 5, "dots": [[n / 9, n / 9] for n in range(10)]}]
    drawn = figures(report | {"influence": ends})["influence"]
    dots = [one for one in parsed(drawn.svg).iter(f"{SVG}path") if one.get("class") == "dots"]
    assert sum(one.get("d", "").count("M") for one in dots) == 10
    assert {"#2f78d6", "#d63f35"} <= {one.get("stroke") for one in dots}


def test_the_delay_curve_counts_open_leads_for_as_long_as_they_were_seen() -> None:
    """One of two old leads converted after ten days; a lead of five days says nothing about day ten."""
    born = [START] * 10 + [AS_OF - timedelta(days=5)] * 30
    leads = frame({"lead_id": list(range(40)), "created_at": born}, pl.Schema({n: LEADS[n] for n in LEADS.names()[:2]}))
    won = frame({"lead_id": list(range(5)), "at": [START + timedelta(days=10)] * 5}, CONVERSIONS)
    world = history(leads, conversions=won)
    found = delay_curve(world, DATED_GOAL, AS_OF)
    assert found
    assert found["quantiles"]["50"] == 10.0
    assert found["points"][0] == [0.0, 0.0]
    assert delay_curve(world, ORDERED_GOAL, AS_OF) is None
    older = frame({"lead_id": list(range(40)), "created_at": [START] * 40}, leads.schema)
    whole = delay_curve(history(older, conversions=won), DATED_GOAL, AS_OF)
    assert whole
    assert whole["points"][-1][1] == pytest.approx(5 / 40)
    assert whole["within_horizon"] == 1.0


@given(low=st.floats(-50, 50), span=st.floats(0, 100), at=SHARE)
def test_an_axis_holds_its_values(low: float, span: float, at: float) -> None:
    """Two to twelve ticks at different texts, in order, and everything between the ends."""
    axis = around("x", low, low + span)
    assert axis.low <= low + 1e-6 * (abs(low) + 1)
    assert axis.high >= low + span - 1e-6 * (abs(low) + span + 1)
    told = [text for _, text in axis.ticks()]
    assert len(set(told)) == len(told)
    assert 2 <= len(told) <= 12
    assert 10 <= axis.place(low + at * span, 10, 90) <= 90


@given(highest=st.floats(1e-4, 500))
def test_an_axis_from_zero_has_different_labels(highest: float) -> None:
    """Also as percent, up to a ceiling."""
    for axis in (from_zero("x", highest), from_zero("x", min(highest, 1.0), percent, ceiling=1.0)):
        told = [text for _, text in axis.ticks()]
        assert len(set(told)) == len(told)
        assert 2 <= len(told) <= 12


def test_axes_end_at_round_numbers() -> None:
    """More is to the right; what lies outside is drawn on the border."""
    assert from_zero("x", 14.1).ticks()[-1] == (15.0, "15")
    assert from_zero("x", 0.24, percent, ceiling=1.0).ticks()[-1][1] == "25"
    assert shares("x").ticks()[-1] == (1.0, "100")
    assert plain(-2.5, 0.5) == "−2.5"
    assert Axis("x", 0, 10, 1).place(20, 0, 100) == 100


def test_ticks_of_two_and_a_half_points_say_so() -> None:
    """Written without their decimal, five of them read 0, 2, 5, 8, 10."""
    axis = Axis("Points (%)", -0.025, 0.1, 0.025, percent)
    assert [label for _, label in axis.ticks()] == ["−2.5", "0", "2.5", "5.0", "7.5", "10.0"]


def test_thresholds_are_told_of_rows_that_were_not_learned_from(report: dict[str, Any]) -> None:
    """No point counts more leads than the test window has, and the figure says what its axes are."""
    points = report["thresholds"]["points"]
    assert len(points) > 10
    assert max(point["leads"] for point in points) == report["test"]["leads"]
    assert points[-1]["precision"]["value"] > points[0]["precision"]["value"]
    figure = thresholds(points, 50.0)
    assert figure
    assert outside(figure) == []
    for words in ("Threshold (score, 0–100)", "Share of leads (%)", "What a threshold of the score brings"):
        assert words in figure.svg
    assert thresholds(points[:1]) is None
