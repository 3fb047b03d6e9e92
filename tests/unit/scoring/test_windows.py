"""Rolling origins, the calibration over their windows, and windows that have drifted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from scipy.special import expit

from scoring.dataset import snapshots
from scoring.drift import judged
from scoring.evaluation import Window
from scoring.features import build
from scoring.metrics import Floats
from scoring.population import numbered
from scoring.schema import Complexity, Goal
from scoring.splits import distinct_conversions, origins, time_split
from scoring.timeline import Timeline
from scoring.train import train
from scoring.verdict import verdict
from scoring.windows import Held, calibrated
from tests.unit.scoring.worlds import AS_OF, DATED_GOAL, ORDERED_GOAL, dated, history, ordered


def held(count: int, seed: int, *, shift: float = 0.0, slope: float = 1.0) -> Held:
    """A window whose true log-odds are ``shift + slope × raw``."""
    rng = np.random.default_rng(seed)
    raw = rng.normal(-2.0, 1.0, count)
    label = (rng.random(count) < expit(shift + slope * raw)).astype(np.float64)
    return Held(raw, label, np.ones(count), int(label.sum()))


def gap(windows: list[Held], fresh: Held) -> float:
    """Log-odds between the mean calibrated chance of ``fresh`` and its rate."""
    conversions = sum(window.conversions for window in windows)
    chance = expit(calibrated(windows, conversions).apply(fresh.raw)).mean()
    rate = fresh.label.mean()
    return float(np.log(chance / (1 - chance)) - np.log(rate / (1 - rate)))


@pytest.mark.parametrize(("goal", "world"), [(DATED_GOAL, dated(1_500)), (ORDERED_GOAL, ordered(1_000))])
def test_origins_roll_through_the_development_part(goal: Goal, world: object) -> None:
    """Windows follow each other, none reaches the test, and all that is learned from has matured before."""
    rows = snapshots(world, goal, as_of=AS_OF, seed=0)  # type: ignore[arg-type]  # either world
    split = time_split(rows, goal)
    assert split is not None
    found = origins(rows, split, dated=goal is DATED_GOAL)
    order = rows["order"].to_numpy()
    assert len(found) == 4
    for origin, later in zip(found, [*found[1:], None], strict=True):
        assert (order[origin.train] + split.embargo_us <= order[origin.window].min()).all()
        assert not (origin.window & split.test).any()
        assert distinct_conversions(rows, origin.window) >= 5
        assert later is None or order[origin.window].max() < order[later.window].min()


def test_few_conversions_leave_the_one_validation_window() -> None:
    """Where no origin holds enough, validation is the window."""
    world = ordered(200)
    chosen = world.conversions["lead_id"]
    chosen = chosen.filter(pl.int_range(chosen.len(), eager=True) % 4 != 0)
    world = replace(world, conversions=world.conversions.filter(pl.col("lead_id").is_in(chosen.implode())))
    rows = snapshots(world, ORDERED_GOAL, as_of=AS_OF, seed=0)
    split = time_split(rows, ORDERED_GOAL)
    assert split is not None
    for origin in origins(rows, split, dated=False):
        assert distinct_conversions(rows, origin.train) >= 18
        assert distinct_conversions(rows, origin.window) >= 5


@pytest.mark.parametrize("count", [400, 4_000, 12_000])
def test_after_a_move_the_level_is_the_newest_windows(count: int) -> None:
    """Three old windows at a low rate, one at a high one: the next is met at the high one."""
    windows = [*(held(count, seed) for seed in range(3)), held(count, 3, shift=1.5)]
    assert abs(gap(windows, held(40_000, 9, shift=1.5))) < 0.3
    assert abs(gap(windows, held(40_000, 9))) > 1.0


def test_without_a_move_all_windows_tell_the_level() -> None:
    """The level is known better than the newest window alone could tell it."""
    gaps = [gap([held(600, 10 * seed + place) for place in range(5)], held(40_000, 999)) for seed in range(30)]
    assert float(np.std(gaps)) < 0.09


@pytest.mark.parametrize("count", [200, 2_000, 12_000])
def test_the_map_over_windows_rises(count: int) -> None:
    """On every rung, with windows at different levels."""
    windows = [held(count, 1, slope=0.6), held(count, 2, shift=1.0, slope=0.6)]
    grid = calibrated(windows, sum(window.conversions for window in windows)).apply(np.linspace(-8, 4, 500))
    assert (np.diff(grid) > 0).all()


def window(shift: float, slope: float, seed: int, count: int = 3_000) -> Window:
    found = held(count, seed, shift=shift, slope=slope)
    return Window(found.label, found.weight, found.raw, np.arange(count), np.ones(count))


def test_a_window_that_keeps_its_promise_has_not_drifted() -> None:
    """True chances are hardly ever called drifted."""
    found = [judged(window(0.0, 1.0, seed), 0) for seed in range(20)]
    assert sum(bool(drift and drift.reasons) for drift in found) == 0


@pytest.mark.parametrize(
    ("shift", "slope", "word"), [(1.3, 1.0, "rate"), (-1.0, 1.0, "rate"), (-1.2, 0.3, "what predicts")]
)
def test_a_moved_window_is_called_drifted_in_words(shift: float, slope: float, word: str) -> None:
    """Another rate or another strength is named, and such a model is not called ready."""
    drift = judged(window(shift, slope, 1, 6_000), 0)
    assert drift is not None
    assert drift.to_json()["drifted"]
    assert any(word in reason for reason in drift.reasons)
    good: dict[str, dict[str, Floats | float]] = {"value": 0.9, "low": 0.9, "high": 0.9}  # type: ignore[dict-item]
    metrics = {"auc": good, "lift": {"20": {**good, "low": 3.0}}, "calibration_error": {"value": 0.0}, "base_rate": 0.1}
    assert verdict("blend", 500, metrics, 0.5, [])[0] == "ready"
    state, sentence = verdict("blend", 500, metrics, 0.5, [], drift.reasons)
    assert state == "usable"
    assert "drifted" in sentence


@pytest.mark.parametrize(("error", "state"), [(0.0105, "ready"), (0.0145, "usable")])
def test_what_chance_alone_gives_is_no_fault_of_a_models_calibration(error: float, state: str) -> None:
    """At a rate of 5 % an error may exceed that of a perfectly calibrated model by .0075."""
    good = {"value": 0.9, "low": 0.9, "high": 0.9}
    metrics: dict[str, object] = {"auc": good, "lift": {"20": {**good, "low": 3.0}}, "base_rate": 0.05}
    found, sentence = verdict(
        "blend", 500, {**metrics, "calibration_error": {"value": error, "by_chance": 0.006}}, 0.5, []
    )
    assert found == state
    assert ("exceeds the 0.006 of a perfectly calibrated model" in sentence) == (state == "usable")
    told_before = {**metrics, "calibration_error": {"value": error}}
    assert verdict("blend", 500, told_before, 0.5, [])[0] == "usable", "a report that tells of no chance keeps its word"


def test_a_window_without_conversions_is_not_judged() -> None:
    """Nothing can be said of it."""
    empty = window(0.0, 1.0, 1)
    assert judged(replace(empty, label=np.zeros(len(empty.label))), 0) is None


def test_a_tripled_rate_reaches_the_report() -> None:
    """From rows to the verdict: the newest fifth converts far more often than all before it."""
    world = ordered(4_000)
    newest = world.leads.filter(pl.col("intake_order") > 3_200)["lead_id"]
    kept = pl.col("lead_id").is_in(newest.implode()) | (pl.col("lead_id") % 4 == 0)
    world = history(world.leads, values=world.values, conversions=world.conversions.filter(kept), fields=world.fields)
    goal = replace(ORDERED_GOAL, complexity=Complexity.INTERPRETABLE)
    report = train(world, goal, as_of=AS_OF, seed=1, tenant="t", version="model_v20250101").report
    assert report["drift"]["drifted"]
    assert "the conversion rate has drifted" in report["verdict"]["sentence"]


def test_what_serves_is_calibrated_as_it_knows_a_change() -> None:
    """A quarter as many convert for 200 days. The trial, which could not know it, tells too much; what serves does not,
    and is not brought down by as much again."""
    world, changed = dated(1_500), AS_OF - timedelta(days=200)
    before = world.leads.filter(pl.col("created_at") <= changed)["lead_id"]
    kept = pl.col("lead_id").is_in(before.implode()) | (pl.col("lead_id") % 4 == 0)
    world = replace(world, conversions=world.conversions.filter(kept))
    goal = replace(DATED_GOAL, complexity=Complexity.INTERPRETABLE)
    made = train(world, goal, as_of=AS_OF, seed=1, tenant="t", version="model_v20250101")
    assert made.report["drift"]["drifted"]
    rows = snapshots(world, goal, as_of=AS_OF, seed=1)
    since = numbered(rows.filter(~pl.col("lead_id").is_in(before.implode())))
    chance = expit(made.bundle.log_odds(build(Timeline(world), since, made.bundle.spec).matrix))
    assert float(chance.mean()) == pytest.approx(float(since["label"].mean()), rel=0.15)  # type: ignore[arg-type]


def test_the_cap_reaches_the_training() -> None:
    """A tenant who wants coefficients gets the logistic regression."""
    goal = replace(ORDERED_GOAL, complexity=Complexity.INTERPRETABLE)
    report = train(ordered(600), goal, as_of=AS_OF, seed=1, tenant="t", version="model_v20250101").report
    assert report["kind"] == "logistic"
    assert list(report["candidates"]) == ["logistic"]
