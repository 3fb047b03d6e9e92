"""The geometry of the pictures."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from connector.web.charts import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Chart, calibration_chart, lift_chart

shares = st.floats(0, 1)
curves = st.lists(st.tuples(shares, shares), min_size=1, max_size=50)
lifts = st.lists(st.tuples(shares, st.floats(0, 500)), min_size=1, max_size=50)


def places(path: str) -> list[tuple[float, float]]:
    """The points of a path."""
    return [(float(x), float(y)) for x, y in (part.split() for part in path.removeprefix("M").split(" L"))]


def inside(chart: Chart) -> bool:
    """Whether every point lies within the axes."""
    drawn = [*places(chart.line), *places(chart.reference), *chart.dots]
    across = all(LEFT - 0.01 <= x <= WIDTH - RIGHT + 0.01 for x, _ in drawn)
    return across and all(TOP - 0.01 <= y <= HEIGHT - BOTTOM + 0.01 for _, y in drawn)


@given(curves)
def test_a_calibration_curve_stays_within_its_axes(points: list[tuple[float, float]]) -> None:
    """Whatever the chances, nothing is drawn outside, and each point has its dot."""
    chart = calibration_chart(points)
    assert inside(chart)
    assert len(chart.dots) == len(points)
    assert 2 <= len(chart.y_ticks) <= 12


@given(lifts)
def test_a_lift_curve_stays_within_its_axes(points: list[tuple[float, float]]) -> None:
    """Also when the lift is below 1 everywhere: the line of random order is then still to be seen."""
    assert inside(lift_chart(points))


@given(st.lists(st.tuples(shares, st.floats(1, 500)), min_size=2, max_size=20))
def test_tick_labels_differ(points: list[tuple[float, float]]) -> None:
    """No two ticks of an axis carry the same label."""
    chart = lift_chart(points)
    for ticks in (chart.x_ticks, chart.y_ticks):
        assert len({tick.label for tick in ticks}) == len(ticks)


def test_more_is_higher() -> None:
    """The picture's y grows downwards, the data's upwards."""
    (_, low), (_, high) = places(calibration_chart([(0.1, 0.1), (0.3, 0.4)]).line)
    assert high < low


def test_axes_end_at_round_numbers() -> None:
    """A lift of 14.1 gets an axis to 15, chances up to 24 % one to 25."""
    assert lift_chart([(0.02, 14.1), (1.0, 1.0)]).y_ticks[-1].label == "15"
    assert calibration_chart([(0.24, 0.22)]).x_ticks[-1].label == "25"
    assert calibration_chart([(0.97, 0.99)]).x_ticks[-1].label == "100"
