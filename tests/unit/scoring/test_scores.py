"""The score map and the bands."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.scoremap import ScoreMap
from scoring.tiers import HIGH, LOW, MEDIUM, Tiers, by_share


@given(st.lists(st.floats(-15, 15), min_size=2), st.floats(-5, 2))
def test_scores_rise_with_probability_and_average_is_fifty(log_odds: list[float], base: float) -> None:
    """Monotone, within 0…100, 50.0 at the base."""
    tenths = ScoreMap(base).tenths(np.sort(log_odds))
    assert (np.diff(tenths) >= 0).all()
    assert tenths.min() >= 0
    assert tenths.max() <= 1_000
    assert ScoreMap(base).tenths(np.array([base])).tolist() == [500]


def test_bands_hold_their_shares() -> None:
    """Ten in a hundred high, thirty medium."""
    names = by_share(np.arange(100), 0.10, 0.30).names(np.arange(100))
    assert [names.count(name) for name in (HIGH, MEDIUM, LOW)] == [10, 30, 60]


def test_a_crowd_of_equal_scores_is_not_all_high_intent() -> None:
    """Where a tie would overfill the band, the next higher score is the threshold."""
    tenths = np.array([500] * 95 + [900] * 5)
    assert by_share(tenths, 0.10, 0.30).names(tenths).count(HIGH) == 5


@pytest.mark.parametrize(
    ("tenths", "former", "expected"),
    [
        (800, None, HIGH),
        (785, HIGH, HIGH),
        (785, MEDIUM, MEDIUM),
        (779, HIGH, MEDIUM),
        (481, HIGH, MEDIUM),
        (470, MEDIUM, LOW),
    ],
)
def test_a_band_is_left_only_past_the_slack(tenths: int, former: str | None, expected: str) -> None:
    """Two points of hysteresis below each threshold."""
    assert Tiers(800, 500).next(tenths, former) == expected
