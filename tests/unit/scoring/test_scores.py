"""The score map and the bands."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import logit

from scoring.bundle import dumps, loads
from scoring.cards import card, markdown
from scoring.predict import score
from scoring.schema import Goal, HighIntent, Timing
from scoring.scoremap import ScoreMap
from scoring.tiers import HIGH, LOW, MEDIUM, Tiers, by_goal, by_share, share_high
from scoring.train import train
from tests.unit.scoring.worlds import AS_OF, DATED_GOAL, dated


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


@given(st.integers(0, 300), st.integers(1, 200))
def test_a_band_by_capacity_holds_as_many_leads(open_leads: int, capacity: int) -> None:
    """All of them where there are fewer."""
    goal = Goal("Won", Timing.DATED, capacity=capacity, high_intent=HighIntent.CAPACITY)
    tenths = np.arange(open_leads)
    names = by_goal(goal, tenths, ScoreMap(0.0)).names(tenths)
    assert names.count(HIGH) == min(capacity, open_leads)


@given(st.lists(st.floats(0.001, 0.999), max_size=60), st.floats(0.02, 0.98), st.floats(-4, 2))
def test_a_band_by_chance_holds_whoever_reaches_it(chances: list[float], least: float, base: float) -> None:
    """To the precision of a score, however few or many; the next leads are Medium."""
    goal = Goal("Won", Timing.DATED, high_intent=HighIntent.PROBABILITY, high_intent_probability=least)
    scale, chance = ScoreMap(base), np.array(chances)
    tenths = scale.tenths(logit(chance))
    tiers = by_goal(goal, tenths, scale)
    inside = np.array([name == HIGH for name in tiers.names(tenths)], dtype=bool)
    assert inside[chance >= least].all()
    assert not inside[tenths < scale.tenths_of(least)].any()
    assert share_high(tiers, tenths) == (inside.mean() if len(inside) else 0.0)
    assert tiers.medium <= tiers.high


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


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"high_intent": HighIntent.CAPACITY, "capacity": 7}, "as many of the best open leads"),
        ({"high_intent": HighIntent.PROBABILITY, "high_intent_probability": 0.08}, "a chance of at least 8 %"),
        ({}, "the best 10 %"),
    ],
)
def test_the_goal_sets_the_band_that_is_stored_and_told(settings: dict[str, Any], told: str) -> None:
    """The artefact keeps how the band is set and what it came to; the card says both."""
    world = dated(120)
    world = replace(world, conversions=world.conversions.head(9))
    made = train(world, replace(DATED_GOAL, **settings), as_of=AS_OF, seed=1, tenant="t1", version="m")
    stored = loads(dumps(made.bundle), tenant="t1")
    scores = score(stored, world, as_of=AS_OF)
    high = scores.filter(pl.col("tier") == HIGH)
    assert stored.goal == made.bundle.goal
    assert told in markdown(card(made.report), pictures="figures")
    if stored.goal.high_intent is HighIntent.PROBABILITY:
        assert high["lead_id"].sort().equals(scores.filter(pl.col("probability") >= 0.08)["lead_id"].sort())
    if stored.goal.high_intent is not HighIntent.SHARE:
        assert stored.goal.high_intent_share == high.height / scores.height
