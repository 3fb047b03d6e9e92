"""Experiments: intervals that cover, boundaries that spend no more than they may, plans that find what they promise."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from scoring.experiments import UNITS, compared, looked, planned
from scoring.experiments.assignment import place, unit_of
from scoring.experiments.boundaries import boundaries

RATE, SHARE = 0.12, 0.3


def _leads(rng: np.random.Generator, effect: float, companies: int) -> pl.DataFrame:
    """Companies of one to seven leads who share their fate; ``effect`` is in points, of those that are shown."""
    size = np.minimum(rng.geometric(0.5, companies), 7)
    treated = rng.random(companies) >= SHARE
    chance = np.clip(RATE * rng.gamma(4, 0.25, companies) + effect * treated, 0, 1)
    unit = np.repeat(np.arange(companies), size)
    value = (rng.random(len(unit)) < chance[unit]).astype(float)
    return pl.DataFrame({"unit": unit.astype(str), "treated": treated[unit], "value": value}, schema=UNITS)


@pytest.mark.parametrize("effect", [0.0, 0.036])
def test_intervals_cover_although_leads_of_a_company_share_their_fate(effect: float) -> None:
    """95 of 100 times, as often as said; the interval of leads that pass for independent covers less often."""
    rng, covered, runs = np.random.default_rng(7), 0, 400
    for _ in range(runs):
        found = compared(_leads(rng, effect, 700))
        assert found
        low, high = found.interval()
        covered += low <= effect <= high
    assert 0.92 <= covered / runs <= 0.98


def test_all_looks_together_cover_and_cost_less_than_half_more_width() -> None:
    """At no look is the truth left out more often than in one of twenty experiments."""
    rng, covered, runs, widths = np.random.default_rng(3), 0, 120, []
    for _ in range(runs):
        leads = _leads(rng, 0.0, 900).sample(fraction=1.0, shuffle=True, seed=int(rng.integers(1 << 30)))
        found = [compared(leads.head(leads.height * step // 5)) for step in range(2, 6)]
        seen = looked([one for one in found if one], leads.height)
        covered += all(look.low <= 0 <= look.high for look in seen)
        last = seen[-1]
        low, high = last.comparison.interval()
        widths.append((last.high - last.low) / (high - low))
    assert covered / runs >= 0.91
    assert max(widths) <= 1.5


def test_boundaries_are_those_of_the_tables() -> None:
    """Lan and DeMets' boundaries of five equal steps by the spending function that resembles Pocock's."""
    shares = [step / 5 for step in range(1, 6)]
    assert boundaries(shares, shares) == pytest.approx([2.438, 2.427, 2.410, 2.397, 2.386], abs=0.002)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0.01, 1.0), min_size=1, max_size=6, unique=True))
def test_boundaries_err_as_seldom_as_one_look_would(shares: list[float]) -> None:
    """Whatever the times of the looks: seen on random walks, with what chance allows."""
    shares = sorted(shares)
    found = boundaries(shares, [*shares[:-1], 1.0])
    rng = np.random.default_rng(1)
    steps = rng.normal(size=(20_000, len(shares))) * np.sqrt(np.diff([0.0, *shares]))
    walks = np.abs(np.cumsum(steps, axis=1)) / np.sqrt(shares)
    crossed = (walks >= np.array(found)).any(axis=1).mean()
    assert crossed <= 0.05 + 4 * math.sqrt(0.05 * 0.95 / 20_000)


def test_one_look_alone_is_an_ordinary_test() -> None:
    (bound,) = boundaries([10.0], [1.0])
    assert bound == pytest.approx(norm.isf(0.025), abs=1e-6)


def test_a_look_without_news_says_nothing_and_costs_nothing() -> None:
    """Neither the same information again nor a look after all was spent."""
    first, again, _, last = boundaries([1.0, 1.0, 2.0, 3.0], [0.5, 0.5, 1.0, 1.0])
    assert math.isfinite(first)
    assert math.isinf(again)
    assert math.isinf(last)


def test_too_few_companies_are_not_compared() -> None:
    assert compared(_leads(np.random.default_rng(1), 0.0, 12)) is None


def test_a_plan_finds_what_it_promises_in_four_of_five_cases() -> None:
    """With the leads that it asks for, by one look at the end."""
    plan = planned(rate=RATE, lift=0.5, held_out=SHARE, leads_a_week=100, horizon_days=30, sequential=False)
    rng, found, runs = np.random.default_rng(5), 0, 300
    for _ in range(runs):
        treated = rng.random(plan.leads) >= SHARE
        value = rng.random(plan.leads) < np.where(treated, RATE * 1.5, RATE)
        columns = {"unit": np.arange(plan.leads).astype(str), "treated": treated, "value": value.astype(float)}
        seen = compared(pl.DataFrame(columns, schema=UNITS))
        found += seen is not None and seen.interval()[0] > 0
    assert 0.74 <= found / runs <= 0.88
    assert plan.days == plan.weeks * 7 + 30


def test_companies_of_many_leads_take_longer() -> None:
    def plan(size: float) -> int:
        return planned(rate=RATE, lift=0.5, held_out=SHARE, leads_a_week=100, horizon_days=30, company_leads=size).leads

    assert plan(5.0) == pytest.approx(plan(1.0) * 1.2, rel=0.01)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"rate": 0.0}, "between 0 and 1"), ({"lift": 9.0}, "below 1"), ({"leads_a_week": 0.0}, "never ends")],
)
def test_what_can_not_be_planned_is_said(wrong: dict[str, float], said: str) -> None:
    usual = {"rate": RATE, "lift": 0.3, "held_out": SHARE, "leads_a_week": 10.0}
    with pytest.raises(ValueError, match=said):
        planned(**(usual | wrong), horizon_days=30)


@given(st.text(min_size=1), st.text())
def test_units_are_drawn_by_their_key_alone(key: str, name: str) -> None:
    """The same place every time, another one under another key."""
    unit = unit_of(key, name)
    assert 0.0 <= place(unit) < 1.0
    assert unit == unit_of(key, name) != unit_of(key + "x", name)


def test_the_share_that_is_held_out_is_the_share_of_units() -> None:
    places = [place(unit_of("k", f"company{number}.com")) for number in range(20_000)]
    assert sum(one < SHARE for one in places) / len(places) == pytest.approx(SHARE, abs=0.012)
