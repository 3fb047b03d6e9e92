"""Forecasts hold as often as they say, and promises are kept, also where weeks differ among themselves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.promises import Worked, least, total, trust


@pytest.mark.parametrize("spread", [0.0, 0.15])
def test_a_total_lies_where_it_was_said_nine_of_ten_times(spread: float) -> None:
    """Whether the level is known or uncertain."""
    rng = np.random.default_rng(4)
    held, runs = 0, 1_500
    for _ in range(runs):
        chances = rng.beta(1, 6, 200)
        level = rng.gamma(1 / spread**2, spread**2) if spread else 1.0
        came = int((rng.random(200) < np.minimum(chances * level, 1)).sum())
        told = total(chances, spread)
        held += told.low <= came <= told.high
    assert 0.87 <= held / runs <= 0.96


def test_who_has_no_chance_brings_nothing() -> None:
    told = total(np.zeros(5), 0.2)
    assert (told.expected, told.low, told.high) == (0.0, 0, 0)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60), st.floats(0, 0.5))
def test_a_total_is_no_more_than_there_are_leads(chances: list[float], spread: float) -> None:
    told = total(np.array(chances), spread)
    assert 0 <= told.low <= told.high <= len(chances)
    assert told.expected == pytest.approx(sum(chances))


@pytest.mark.parametrize("alike", [0.0, 0.02])
def test_promises_are_kept_in_nineteen_of_twenty_weeks(alike: float) -> None:
    """``alike``: how much the leads of a week share their fate (intraclass correlation)."""
    rng = np.random.default_rng(9)

    def week() -> int:
        rate = rng.beta(0.3 / alike - 0.3, 0.7 / alike - 0.7) if alike else 0.3
        return int(rng.binomial(50, rate))

    kept, runs = 0, 400
    for _ in range(runs):
        promise = least([Worked(50, week()) for _ in range(12)], 50)
        assert promise
        kept += week() >= promise.least
    assert kept / runs >= 0.93


def test_a_promise_says_something() -> None:
    """Of 50 leads of lists that brought 15 each, at least seven."""
    promise = least([Worked(50, 15)] * 12, 50)
    assert promise
    assert promise.least >= 7
    assert promise.inflation == 1.0


def test_too_few_lists_promise_nothing() -> None:
    assert least([Worked(50, 15)] * 3, 50) is None
    assert least([Worked(10, 3)] * 9, 50) is None
    assert least([Worked(50, 15)] * 9, 0) is None


def test_lists_without_a_single_conversion_promise_none() -> None:
    promise = least([Worked(50, 0)] * 9, 50)
    assert promise
    assert promise.least == 0


def test_broken_promises_end_the_trust() -> None:
    """One of twenty may fail; five may not."""
    kept = [Worked(50, 12, promised=8)] * 15
    assert trust(kept)
    assert trust([*kept, Worked(50, 7, promised=8)])
    assert not trust([*kept, *[Worked(50, 5, promised=8)] * 5])
    assert trust([Worked(50, 0)])
