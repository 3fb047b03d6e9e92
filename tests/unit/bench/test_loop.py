"""The simulated life of a tenant: its truth is true, its loop runs, and what it shows is counted right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from scoring.monitoring.strata import DAY_US
from scoring.monitoring.words import CALIBRATION
from scoring.population import open_rows
from scoring.schema import UTC_TIME
from tests.bench.drift.world import BEGIN_US, moment
from tests.bench.loop.calm import calm
from tests.bench.loop.findings import rows
from tests.bench.loop.life import Life, Step, lived
from tests.bench.loop.measures import Band, Newcomers, auc
from tests.bench.loop.people import HORIZON_DAYS
from tests.bench.loop.plan import Plan
from tests.bench.loop.world import World
from tests.bench.loop.worth import worth

PLAN = Plan(
    a_day=40, first=60, launch=88, pricing=116, broken=144, mended=172, end=200, step=14, probe=300, calm_days=30
)
HOUR_US = 3_600_000_000


@pytest.fixture(scope="module")
def world() -> World:
    return World(7, PLAN)


@pytest.mark.parametrize("shown", [False, True])
def test_people_convert_as_often_as_their_chance_says(world: World, shown: bool) -> None:
    """Within the horizon, from the first hour on; whoever is shown more often."""
    people = world.people
    won = world.outcomes(np.full(len(people.at), shown)).won
    came = (won >= 0) & (won <= people.at + HOUR_US + HORIZON_DAYS * DAY_US)
    chance = people.shown if shown else people.chance
    error = np.sqrt((chance * (1 - chance)).sum())
    assert abs(came.sum() - chance.sum()) < 4 * error
    assert (people.shown > people.chance).all()


def test_the_chance_of_whoever_is_still_open_is_the_same(world: World) -> None:
    """Also ten days later: what is known of people does not age."""
    people, ten = world.people, 10 * DAY_US
    outcomes = world.outcomes(np.zeros(len(people.at), dtype=np.bool_))
    still = np.maximum(outcomes.won, outcomes.lost) > people.at + HOUR_US + ten
    won = (outcomes.won >= 0) & (outcomes.won <= people.at + HOUR_US + ten + HORIZON_DAYS * DAY_US)
    chance = people.chance[still]
    assert abs(won[still].sum() - chance.sum()) < 4 * np.sqrt((chance * (1 - chance)).sum())


def test_the_changes_change_what_they_say(world: World) -> None:
    """A new product from its launch on, no visit while the tag is broken, and fewer conversions at new prices."""
    people, day = world.people, (world.people.at - BEGIN_US) / DAY_US
    assert set(people.product[day < PLAN.launch]) == {0, 1}
    assert 0.2 < (people.product[day >= PLAN.launch] == 2).mean() < 0.4
    views = world.records.events.filter(pl.col("kind") == "page_view")["at"]
    broken = views.is_between(moment(PLAN.broken), moment(PLAN.mended), closed="left")
    assert not broken.any()
    assert (views >= moment(PLAN.mended)).any()
    before, after = (day >= PLAN.launch) & (day < PLAN.pricing), day >= PLAN.pricing
    assert people.chance[before].mean() > 1.1 * people.chance[after].mean()
    hidden = (day >= PLAN.broken) & (day < PLAN.mended)
    assert people.told[hidden].std() < people.chance[hidden].std()
    assert (people.told == people.chance)[~hidden].all()


def test_histories_tell_who_is_open(world: World) -> None:
    """Whoever came and was neither won nor lost; nobody of later days."""
    count = world.came(100)
    outcomes = world.outcomes(np.zeros(count, dtype=np.bool_))
    history = world.records.until(count, outcomes)
    at = moment(100)
    everybody = pl.DataFrame({"row": range(count), "lead_id": range(1, count + 1)}).with_columns(
        as_of=pl.lit(at, UTC_TIME)
    )
    left = np.maximum(outcomes.won, outcomes.lost) >= BEGIN_US + 100 * DAY_US
    assert open_rows(history, everybody)["lead_id"].to_list() == (np.flatnonzero(left) + 1).tolist()
    assert history.events["lead_id"].max() <= count  # type: ignore[operator] # of numbers


def test_the_expected_auc_counts_pairs_by_their_chances() -> None:
    """By hand: a pair of two people, ranked rightly, wrongly, and not at all."""
    chance = np.array([0.8, 0.3])
    right, wrong, itself = 0.8 * 0.7, 0.3 * 0.2, 0.8 * 0.2 + 0.3 * 0.7
    pairs = right + wrong + itself
    assert auc(np.array([2.0, 1.0]), chance) == pytest.approx((right + itself / 2) / pairs)
    assert auc(np.array([1.0, 2.0]), chance) == pytest.approx((wrong + itself / 2) / pairs)
    assert auc(np.array([1.0, 1.0]), chance) == pytest.approx(0.5)


def test_a_small_life_is_lived() -> None:
    """Two trainings, everybody scored once, the best shown; held-out companies are the same for all their people."""
    plan = Plan(a_day=5, first=56, launch=70, pricing=70, broken=70, mended=70, end=77, step=14, probe=60, calm_days=30)
    life = lived(3, plan, 0.5)
    assert [step.day for step in life.steps] == [56, 70]
    assert life.steps[0].said == "published: first"
    assert not life.high[: life.world.came(plan.first)].any()
    assert life.high.any()
    held = pl.DataFrame({"company": life.world.people.company, "held": life.held})
    assert held.group_by("company").agg(pl.col("held").n_unique())["held"].max() == 1
    assert 0.3 < life.held.mean() < 0.7
    assert (life.won == life.world.outcomes(life.high & ~life.held).won).all()
    assert (life.won != life.world.outcomes(life.high).won).any()


def test_companies_that_come_one_after_another_raise_no_alarms() -> None:
    """A hundred people of each company, and nobody of one: what colleagues share differs by luck alone."""
    plan = replace(PLAN, a_day=10, first=35, calm_days=42)
    assert not {"size", "industry", "country"} & set(calm(3, plan, 0.01))
    assert not calm(3, plan, 1.0)


def told_life(world: World, held: float, stated: float) -> Life:
    """A life in which the launch is found after two weeks and made up for after four, and the tag never found."""
    plan = world.plan
    high = np.arange(len(world.people.at)) >= world.came(plan.first)
    out = np.isin(world.people.company % 10, range(round(10 * held)))
    won = world.outcomes(high & ~out).won
    steps = tuple(
        Step(
            day,
            "refused: undecided",
            Newcomers(0.9 if plan.launch <= day < plan.launch + 28 else 0.96, 0.2, 0.2),
            Newcomers(0.9 if plan.launch <= day < plan.launch + 14 else 0.97, 0.2, 0.2),
            Newcomers(0.8, 0.2, 0.2),
            Band(10, stated, 4.0),
        )
        for day in range(plan.first, plan.end, 7)
    )
    alarms = ((plan.first + 7, "size"), (plan.launch + 14, "product"), (plan.pricing + 21, CALIBRATION))
    return Life(world, steps, alarms, "", high, out, won)


def test_rows_tell_what_was_found_and_when(world: World) -> None:
    """In days and arrivals; what was never found is not held."""
    long = World(7, replace(PLAN, pricing=144, broken=172, mended=186))
    found = {row.name: row for row in rows(told_life(long, 0.0, 6.0), told_life(long, 0.3, 5.0))}
    launch = found["launch found after 14 days, arrivals"]
    assert launch.achieved == long.came(102) - long.came(88)
    assert not found["tag not found in 14 days, arrivals"].held
    assert found["pricing found by outcomes, days"].achieved == 21
    assert found["calm part: 1 alarms by arrivals in 28 days"].achieved == pytest.approx(365.25 / 28)
    assert found["launch: by what scores, days until 0.95 again"].achieved == 28
    assert found["launch: by the newest model, days until 0.95 again"].achieved == 14
    assert found["launch: at the end, by what scores"].held
    assert found["launch: after 49 days, by what scores"].achieved == 0.96
    assert 0.4 < found["launch: after 49 days, with hindsight"].achieved < 1
    assert "launch: after 7 days, with hindsight" not in found, "nobody who came since has had their time"
    assert found["launch: at the end, never trained again"].achieved == 0.8
    assert found["High-Intent without a holdout: stated less true by +20.0"].achieved == pytest.approx(60)
    assert found["High-Intent with a holdout: stated less true by +10.0"].achieved == pytest.approx(50)


def test_the_holdout_finds_its_worth(world: World) -> None:
    """Beside the truth, which lies in the intervals; nothing where nobody is held out."""
    found = worth(told_life(world, 0.3, 5.0))
    assert found is not None
    assert found.always
    assert found.low < found.truth < found.high
    assert 0.05 < found.truth < 0.2
    assert worth(told_life(world, 0.0, 5.0)) is None
