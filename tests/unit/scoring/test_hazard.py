"""The hazard form: what of a lead's course is visible when, what it learns, how it adds up."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from scipy.special import expit, logit

from scoring.bundle import Bundle, dumps, loads
from scoring.courses import course, known_at
from scoring.dataset import snapshots, young_snapshots
from scoring.metrics import Floats, auc
from scoring.models import Training, from_json, hazard, logistic
from scoring.models.choose import choose
from scoring.models.contract import Course
from scoring.models.hazard import at_risk, periods
from scoring.models.judging import Fold
from scoring.predict import score_recorded
from scoring.replay import differences, record, replay
from scoring.schema import Complexity, Goal, History, Timing
from scoring.train import train
from tests.unit.scoring.worlds import AS_OF, DATED_GOAL, ORDERED_GOAL, dated, ordered

HORIZON = 90.0
DAY = timedelta(days=1)


def lived(count: int, seed: int, followed: float = np.inf) -> Training:
    """Leads with a daily chance of e^(line): two columns count, one does not; one value in ten is unknown."""
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(count, 3))
    delay = rng.exponential(1 / np.exp(matrix @ np.array([0.8, -0.5, 0.0]) - 6.2))
    delay = np.where(delay < min(HORIZON, followed), delay, np.inf)
    matrix[rng.random((count, 3)) < 0.1] = np.nan
    label = np.isfinite(delay).astype(np.float64)
    told = Course(delay, np.full(count, followed), HORIZON)
    return Training(matrix, label, np.ones(count), ("a", "b", "c"), 5, course=told)


def test_a_period_counts_once_it_has_passed_and_was_entered_unconverted() -> None:
    """Also for a lead that converted in a period which has not passed: those that did not are unknown yet."""
    told = Course(np.array([3.0, 20.0, np.inf, 10.0]), np.array([99.0, 99.0, 40.0, 15.0]), HORIZON)
    entered, event = at_risk([told], periods(HORIZON))
    assert entered.tolist() == [[1, 0, 0], [1, 1, 0], [1, 1, 0], [1, 0, 0]]
    assert event.tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 0], [0, 0, 0]]


def test_nothing_that_comes_at_or_after_the_present_is_visible() -> None:
    """Another future of the same rows gives the same training, young rows included."""
    rows = snapshots(dated(400), DATED_GOAL, as_of=AS_OF, seed=0)
    order = rows["order"].to_numpy()
    present = int(np.quantile(order, 0.6))
    mask = order + DATED_GOAL.horizon_days * 86_400_000_000 <= present
    later = (pl.col("order") + (pl.col("delay_days") * 86_400_000_000)) >= present
    other = rows.with_columns(delay_days=pl.when(later).then(None).otherwise("delay_days"))
    parts = []
    for each in (rows, other):
        label = np.zeros(each.height)
        whole = Training(order[:, None].astype(float), label, label + 1, ("a",), 0, course=course(each, DATED_GOAL))
        parts.append(known_at(whole, order, mask, present))
    for one, two in (parts, [part.young for part in parts]):
        assert one is not None
        assert two is not None
        assert len(one.label) > 50
        assert _course(one).delay.tolist() == _course(two).delay.tolist()
        assert _course(one).followed.tolist() == _course(two).followed.tolist()
    young = parts[0].young
    assert young is not None
    assert young.matrix.max() < present - 7 * 86_400_000_000
    assert _course(parts[0]).followed.min() >= DATED_GOAL.horizon_days


def _course(rows: Training) -> Course:
    assert rows.course is not None
    return rows.course


def test_young_snapshots_go_on_where_the_matured_end() -> None:
    """On the same grid, until the first period has passed, and only with conversions that are known."""
    world, goal = dated(220), replace(DATED_GOAL, horizon_days=90)
    matured = snapshots(world, goal, as_of=AS_OF, seed=0)
    young = young_snapshots(world, goal, as_of=AS_OF, seed=0, seen_days=7)
    assert young.columns == matured.columns
    steps = young["as_of"].unique().sort()
    assert steps[0] - matured["as_of"].max() == steps[1] - steps[0]
    assert AS_OF - 37 * DAY < steps[-1] <= AS_OF - 7 * DAY
    assert young.filter(pl.col("label") == 1).height > 0
    assert ((AS_OF - young["as_of"]).dt.total_days() > young["delay_days"].fill_null(0)).all()
    assert young_snapshots(ordered(50), ORDERED_GOAL, as_of=AS_OF, seed=0, seen_days=7).is_empty()


def test_one_model_tells_the_chance_within_each_period() -> None:
    """They rise with the days, and their mean meets what happened."""
    rows = lived(6_000, 1)
    model = hazard.Recipe(0.1).fit(rows)
    chances = model.chances(rows.matrix)
    assert model.edges == (7.0, 30.0, 90.0)
    assert (np.diff(chances, axis=1) > 0).all()
    assert rows.course is not None
    for place, edge in enumerate(model.edges):
        assert chances[:, place].mean() == pytest.approx((rows.course.delay <= edge).mean(), rel=0.03)
    assert logit(chances[:, -1]) == pytest.approx(model.log_odds(rows.matrix))


def test_young_leads_teach() -> None:
    """Sixty matured leads say little; three thousand that were followed for 30 days say what counts."""
    few, young, fresh = lived(60, 2), lived(3_000, 3, followed=31.0), lived(4_000, 4)
    alone, plain = hazard.Recipe(0.1).fit(few), logistic.fit(few, 0.1)
    taught = hazard.Recipe(0.1).fit(replace(few, young=young))
    reached = [auc(fresh.label, model.log_odds(fresh.matrix)) for model in (plain, alone, taught)]
    assert reached[2] > max(reached[:2]) + 0.02
    assert expit(taught.log_odds(fresh.matrix)).mean() == pytest.approx(fresh.label.mean(), rel=0.25)


def test_contributions_add_up_also_at_the_mean_lead_and_alone() -> None:
    """And come back from plain data, bit for bit."""
    rows = lived(2_000, 5)
    model = hazard.Recipe(0.03).fit(rows)
    mean = model.linear.scaling.mean[None]
    for matrix in (rows.matrix, rows.matrix * 1e3, mean, mean + 1e-11, mean + 1e-7):
        assert np.abs(model.contributions(matrix).sum(axis=1) - model.log_odds(matrix)).max() < 1e-6
    again = from_json(json.loads(json.dumps(model.to_json())))
    one = rows.matrix[9:10]
    assert again.log_odds(one)[0] == model.log_odds(rows.matrix)[9]
    assert (again.contributions(one)[0] == model.contributions(rows.matrix)[9]).all()


@pytest.fixture
def short_ladder(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rungs above the forms of the regression are fitted in a moment, and nothing is tried beyond them."""
    monkeypatch.setattr("scoring.models.extended.TREATMENTS", {})
    # What is tried must not depend on what happens to be installed.
    monkeypatch.setattr("scoring.models.extras.find_spec", lambda _name: None)
    monkeypatch.setattr("scoring.models.gbm_search.MAX_ROUNDS", 10)
    monkeypatch.setattr("scoring.models.net_search.PASSES", 1)


@pytest.mark.usefixtures("short_ladder")
def test_it_is_a_candidate_where_outcomes_have_dates_and_must_win() -> None:
    """Where young leads teach it, it serves; the choice then says that young rows are wanted."""
    folds = _folds()
    plain = [replace(fold, train=replace(fold.train, course=None, young=None)) for fold in folds]
    chosen, without = (choose(each, Complexity.FULL) for each in (folds, plain))
    assert chosen.candidates["hazard"] > chosen.candidates["logistic"]
    assert chosen.follows
    assert "hazard" not in without.candidates
    assert not without.follows
    with pytest.raises(ValueError, match="dated outcomes"):
        hazard.Recipe(0.1).fit(plain[0].train)


def _folds() -> list[Fold]:
    group: Floats = np.arange(1_000)
    return [
        Fold(replace(lived(120, seed), young=lived(2_000, seed + 50, followed=31.0)), lived(1_000, seed + 90), group)
        for seed in range(3)
    ]


@pytest.mark.usefixtures("short_ladder")
def test_from_history_to_replay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chosen, it trains on young leads too, is stored, scores, explains and replays bit for bit."""
    monkeypatch.setattr("scoring.models.choose.climbed", lambda _folds, rungs, _: rungs[-1 if len(rungs) == 2 else 0])
    world, goal = dated(200), replace(DATED_GOAL, complexity=Complexity.FULL)
    data = [dumps(_trained(world, goal)) for _ in range(2)]
    assert data[0] == data[1]
    bundle = loads(data[0], tenant="t")
    assert bundle.model.kind == "hazard"
    assert bundle.goal == goal
    found = score_recorded(bundle, world, as_of=AS_OF, former={})
    again = replay(data[0], found.inputs, tenant="t")
    assert differences(record(found.scores), again) == []
    total = (
        found.scores["base_value"]
        + found.scores["contributions"].list.eval(pl.element().struct.field("contribution")).list.sum()
    )
    assert (total - found.scores["log_odds"]).abs().max() < 1e-6
    recent = pl.col("at") < AS_OF - timedelta(days=DATED_GOAL.horizon_days)
    forgetful = replace(world, conversions=world.conversions.filter(recent))
    assert _trained(forgetful, goal).model.to_json() != bundle.model.to_json()


def _trained(world: History, goal: Goal) -> Bundle:
    return train(world, goal, as_of=AS_OF, seed=1, tenant="t", version="v").bundle


def test_goals_without_dates_have_no_course() -> None:
    """Ordered and created sources keep to the fixed form."""
    rows = snapshots(ordered(50), ORDERED_GOAL, as_of=AS_OF, seed=0)
    assert course(rows, ORDERED_GOAL) is None
    assert course(rows, Goal("Won", Timing.CREATED)) is None
