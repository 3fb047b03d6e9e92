"""Which new model may score: the comparison, who would cross the line, the rule, and how often it errs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.bundle import dumps, loads
from scoring.champions.churn import Churn, churned
from scoring.champions.comparison import Comparison, Pair, compared, levelled
from scoring.champions.contest import Contest
from scoring.champions.contest import contest as met
from scoring.champions.growth import matured_conversions
from scoring.champions.outcome import Outcome
from scoring.champions.rule import STALE_DAYS, Decision, Standing, decide
from scoring.champions.sides import Champion
from scoring.dataset import snapshots
from scoring.schema import Complexity
from scoring.tiers import Tiers
from scoring.train import Training, train
from tests.bench.publication import Plan, clause
from tests.unit.scoring.worlds import AS_OF, DATED_GOAL, dated

GOAL = replace(DATED_GOAL, complexity=Complexity.INTERPRETABLE)
WORLD = dated(350, seed=5)
EARLIER = AS_OF - timedelta(days=28)
SETTINGS = {"seed": 1, "tenant": "t"}


def pair(difference: float = 0.0, width: float = 0.01) -> Pair:
    """A difference with bounds of a normal estimate; ``width``: half of the 95 % interval."""
    outer = width * 2.326 / 1.96
    bounds = (difference - width, difference + width, difference - outer, difference + outer)
    return Pair(0.75, 0.75 + difference, difference, *bounds)


def contest(difference: float = 0.0, width: float = 0.01, **more: object) -> Contest:
    """A contest that found so."""
    measured = Comparison(2_000, 300, pair(difference, width), pair())
    whole = {"newer_days": 7.0, "comparison": measured, "churn": Churn(100, 5, 5)} | more
    return Contest("model_v1", **whole)  # type: ignore[arg-type]  # one place for all the defaults


LATER = Comparison(400, 60, pair(0.04, 0.03), pair())
LESS_TRUE = replace(pair(0.01, 0.005), champion=0.1)
TRUER = Comparison(400, 60, pair(0.0, 0.02), replace(pair(-0.01, 0.005), champion=0.1))
HINTS = Comparison(400, 60, pair(0.005, 0.02), pair())
"""Better on what became known since, and not surely."""
BLIND = Comparison(2_000, 300, pair(0.001, 0.004), LESS_TRUE)
"""Models of before a change, on a window that holds it."""


@pytest.mark.parametrize(
    ("found", "standing", "outcome", "said"),
    [
        (None, Standing(), Outcome.PUBLISHED, "first"),
        (contest(other_goal=True), Standing(), Outcome.PUBLISHED, "goal"),
        (contest(0.02), Standing(), Outcome.PUBLISHED, "better"),
        (contest(0.02, newer_days=0.0), Standing(), Outcome.PUBLISHED, "better"),
        (contest(0.0, 0.004), Standing(), Outcome.PUBLISHED, "fresher"),
        (contest(0.0, 0.004, newer_days=0.0), Standing(), Outcome.REFUSED, "undecided"),
        (contest(0.0, 0.01), Standing(), Outcome.REFUSED, "undecided"),
        (contest(0.0, 0.01, newer_days=STALE_DAYS), Standing(), Outcome.WAITING, "stale"),
        (contest(-0.02), Standing(), Outcome.REFUSED, "worse"),
        (contest(-0.02, since=LATER), Standing(), Outcome.PUBLISHED, "since"),
        (contest(0.0, 0.01, since=LATER), Standing(), Outcome.PUBLISHED, "since"),
        (contest(comparison=None, since=LATER), Standing(), Outcome.PUBLISHED, "since"),
        (contest(0.0, 0.01, since=LATER), Standing(restored=True), Outcome.WAITING, "restored"),
        (contest(0.0, 0.01, since=LATER, churn=Churn(100, 5, 26)), Standing(), Outcome.WAITING, "churn"),
        (contest(0.0, 0.01, since=replace(LATER, auc=pair(0.02, 0.019))), Standing(), Outcome.REFUSED, "undecided"),
        (contest(0.0, 0.01, since=replace(LATER, brier=LESS_TRUE)), Standing(), Outcome.REFUSED, "undecided"),
        (contest(-0.02, since=replace(LATER, auc=pair(-0.02))), Standing(), Outcome.REFUSED, "worse"),
        (contest(0.0, 0.004, since=replace(LATER, auc=pair(-0.02))), Standing(), Outcome.PUBLISHED, "fresher"),
        (contest(comparison=BLIND), Standing(), Outcome.REFUSED, "chances"),
        (contest(comparison=BLIND, since=TRUER), Standing(), Outcome.PUBLISHED, "truer"),
        (contest(-0.002, 0.001, since=TRUER), Standing(), Outcome.PUBLISHED, "truer"),
        (contest(-0.01, 0.004, since=TRUER), Standing(), Outcome.REFUSED, "worse"),
        (contest(0.0, 0.01, since=TRUER), Standing(), Outcome.REFUSED, "undecided"),
        (contest(comparison=BLIND, since=replace(TRUER, auc=pair(-0.02))), Standing(), Outcome.REFUSED, "chances"),
        (contest(comparison=BLIND, since=replace(TRUER, brier=pair(-0.0005))), Standing(), Outcome.REFUSED, "chances"),
        (contest(comparison=BLIND, since=TRUER, churn=Churn(100, 5, 26)), Standing(), Outcome.WAITING, "churn"),
        (contest(-0.02, since=HINTS, leaves_out=True), Standing(), Outcome.WAITING, "past"),
        (contest(comparison=BLIND, since=HINTS, leaves_out=True), Standing(), Outcome.WAITING, "past"),
        (contest(-0.02, since=HINTS), Standing(), Outcome.REFUSED, "worse"),
        (contest(-0.02, leaves_out=True), Standing(), Outcome.REFUSED, "worse"),
        (contest(-0.02, since=replace(HINTS, auc=pair(-0.001)), leaves_out=True), Standing(), Outcome.REFUSED, "worse"),
        (contest(-0.02, since=replace(HINTS, brier=LESS_TRUE), leaves_out=True), Standing(), Outcome.REFUSED, "worse"),
        (contest(-0.02, newer_days=400.0), Standing(restored=True), Outcome.REFUSED, "worse"),
        (contest(-0.02, orders=("it reads a leak",)), Standing(), Outcome.WAITING, "orders"),
        (contest(0.02), Standing(restored=True), Outcome.WAITING, "restored"),
        (contest(0.02, churn=Churn(100, 5, 26)), Standing(), Outcome.WAITING, "churn"),
        (contest(0.02, churn=Churn(100, 26, 0)), Standing(0.30), Outcome.PUBLISHED, "better"),
        (contest(0.02, churn=Churn(0, 0, 3)), Standing(), Outcome.WAITING, "churn"),
        (contest(comparison=None), Standing(), Outcome.REFUSED, "undecided"),
        (contest(comparison=None, untried=True), Standing(), Outcome.PUBLISHED, "untried"),
        (contest(comparison=None, untried=True, churn=Churn(10, 9, 9)), Standing(), Outcome.WAITING, "churn"),
    ],
)
def test_each_clause_of_the_rule(found: Contest | None, standing: Standing, outcome: Outcome, said: str) -> None:
    """The outcome and the clause that said so; decision and contest are the same after a way through JSON."""
    decision = decide(found, standing)
    assert (decision.outcome, decision.clause) == (outcome, said)
    assert Decision.from_json(decision.to_json()) == decision
    assert found is None or decide(Contest.from_json(found.to_json()), standing) == decision


def test_the_sentence_holds_the_figures_that_decided() -> None:
    """Who has to decide reads what the rule read."""
    decision = decide(contest(0.02, churn=Churn(100, 12, 30)), Standing())
    assert decision.sentence == (
        "Better than model_v1. On 300 newer conversions: AUC 0.770 against 0.750, +0.020 (+0.010 to +0.030). "
        "Of 100 High-Intent leads 12 would leave the band and 30 come into it (30%): more than the cap of 25%, so a "
        "person is asked."
    )


def test_chances_that_are_surely_less_true_are_refused_whatever_the_ranking() -> None:
    """Unless by less than anybody would notice."""
    worse = replace(pair(0.01, 0.005), champion=0.1)
    found = contest(0.02)
    assert found.comparison
    measured = replace(found.comparison, brier=worse)
    assert decide(replace(found, comparison=measured), Standing()).clause == "chances"
    little = replace(found.comparison, brier=replace(worse, difference=0.0005))
    assert decide(replace(found, comparison=little), Standing()).clause == "better"


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10_000), st.integers(20, 80))
def test_a_comparison_is_the_same_seen_from_the_other_side(seed: int, count: int) -> None:
    """Differences change their sign and bounds their place; equal models differ by nothing at all."""
    rng = np.random.default_rng(seed)
    label = np.zeros(count, np.int8)
    label[: count // 4] = 1
    company = [f"c{number // 3}" if number % 2 else None for number in range(count)]
    rows = pl.DataFrame(
        {"lead_id": np.arange(count), "company_key": company, "label": label, "weight": rng.uniform(0.5, 2, count)}
    )
    first, second = label + rng.normal(size=count), label + rng.normal(size=count)
    there, back, same = (compared(rows, *both, seed) for both in ((first, second), (second, first), (first, first)))
    assert there
    assert back
    assert same
    for one, other in ((there.auc, back.auc), (there.brier, back.brier)):
        assert one.difference == pytest.approx(-other.difference, abs=2e-6)
        assert (one.low, one.least) == pytest.approx((-other.high, -other.most), abs=2e-6)
        assert one.least <= one.low <= one.high <= one.most
    assert {same.auc.difference, same.auc.least, same.auc.most, same.brier.most} == {0.0}


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.5, 3.0))
def test_trials_are_compared_at_the_level_that_what_serves_will_have(seed: int, above: float) -> None:
    """Chances that are all too high by the same odds are no worse than true ones; those too sure of themselves are."""
    rng = np.random.default_rng(seed)
    true = rng.normal(-1.5, 1, 2_000)
    label = (rng.random(2_000) < 1 / (1 + np.exp(-true))).astype(np.int8)
    company = pl.Series([None] * 2_000, dtype=pl.String)
    rows = pl.DataFrame({"lead_id": np.arange(2_000), "label": label, "weight": np.ones(2_000)})
    rows = rows.with_columns(company_key=company)
    as_they_are, brought = (ask(rows, true, true + above, seed) for ask in (compared, levelled))
    assert as_they_are
    assert brought
    assert as_they_are.less_true
    assert abs(brought.brier.difference) < 1e-6
    assert brought.auc == as_they_are.auc
    too_sure = levelled(rows, true, 3 * true + above, seed)
    assert too_sure
    assert too_sure.less_true


def test_rows_of_one_outcome_compare_nothing() -> None:
    """There is no ranking to be measured."""
    rows = pl.DataFrame({"lead_id": [1, 2], "company_key": [None, None], "label": [0, 0], "weight": [1.0, 1.0]})
    rows = rows.with_columns(pl.col("company_key").cast(pl.String))
    assert compared(rows, np.zeros(2), np.zeros(2), 1) is None
    assert levelled(rows, np.zeros(2), np.zeros(2), 1) is None


@pytest.fixture(scope="module")
def champion() -> Training:
    """A model of four weeks ago."""
    return train(WORLD, GOAL, as_of=EARLIER, version="v1", **SETTINGS)  # type: ignore[arg-type]  # as above


@pytest.fixture(scope="module")
def held(champion: Training) -> Champion:
    """The same, out of its bytes."""
    assert champion.trial
    bundle, trial = (loads(dumps(one), tenant="t") for one in (champion.bundle, champion.trial))
    return Champion(bundle, trial, champion.begins, EARLIER)


def test_a_training_meets_the_champion_on_rows_that_neither_has_learned_from(
    held: Champion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows are those of its own test, but for any that the champion's trial may have learned from."""
    sides: list[Any] = []

    def remembered(*given: Any) -> Contest:
        sides.extend(given)
        return met(*given)

    monkeypatch.setattr("scoring.train.contest", remembered)
    made = train(WORLD, GOAL, as_of=AS_OF, version="v2", champion=held, **SETTINGS)  # type: ignore[arg-type]  # as above
    found = made.contest
    assert found
    assert found.comparison
    assert (found.champion, found.newer_days, found.orders) == ("v1", 28.0, ())
    assert held.begins is not None
    assert made.begins is not None
    assert held.begins <= made.begins
    assert found.comparison.rows == made.report["test"]["rows"]
    assert found.comparison.auc.challenger == made.report["metrics"]["auc"]["value"]
    # Rows from before its trial began were its own to learn from.
    later = replace(held, begins=made.begins + 20 * 86_400_000_000)
    fewer = met(later, *sides[1:])
    assert fewer
    assert fewer.comparison
    assert 0 < fewer.comparison.rows < found.comparison.rows
    # Where the trials' rankings speak for it but their chances against it, what would serve is looked at as well.
    monkeypatch.setattr("scoring.champions.contest.since", lambda *_: LATER)
    for brier, looked in ((pair(), None), (LESS_TRUE, LATER)):
        better = Comparison(2_000, 300, pair(0.02), brier)
        monkeypatch.setattr("scoring.champions.contest.levelled", lambda *_, told=better: told)
        assert met(held, *sides[1:]).since == looked


def test_a_change_within_the_newest_window_is_found_by_what_became_known_since(champion: Training) -> None:
    """Trials of before the change are equal; the model that scores is not what it was.

    Asked about are leads of which it has learned nothing, not even from an earlier row of theirs.
    """
    outcomes = WORLD.conversions.with_columns(lead_id=351 - pl.col("lead_id"))
    earlier = AS_OF - timedelta(days=120)
    other = train(replace(WORLD, conversions=outcomes), GOAL, as_of=earlier, version="v0", **SETTINGS).bundle  # type: ignore[arg-type]  # as above
    beside = Champion(other, champion.trial, champion.begins, earlier)
    found = train(WORLD, GOAL, as_of=AS_OF, version="v2", champion=beside, **SETTINGS).contest  # type: ignore[arg-type]  # as above
    assert found
    assert found.comparison
    assert found.comparison.auc.low <= 0
    assert found.since
    assert found.since.auc.least > 0
    assert decide(found, Standing(1.0)).clause == "since"
    assert Contest.from_json(found.to_json()) == found
    rows = snapshots(WORLD, GOAL, as_of=AS_OF, seed=1)
    unknown = earlier - timedelta(days=GOAL.horizon_days)
    met = rows.filter(pl.col("as_of") < unknown)["lead_id"].implode()
    new = rows.filter(pl.col("as_of") >= unknown, ~pl.col("lead_id").is_in(met))
    assert found.since.rows == new.height
    assert found.since.conversions == new.filter(pl.col("label") == 1)["lead_id"].n_unique()


def test_leads_near_the_line_keep_their_band_and_a_band_set_otherwise_is_no_churn(champion: Training) -> None:
    """Only who crosses the line counts."""
    one = replace(champion.bundle, tiers=Tiers(800, 500))
    before = pl.DataFrame({"lead_id": [1, 2, 3, 4, 5], "score_tenths": [900, 805, 790, 300, 800]})
    after = pl.DataFrame({"lead_id": [1, 2, 3, 4], "score_tenths": [500, 785, 801, 300]})
    assert churned(one, before, one, after) == Churn(2, 1, 1)
    narrow = replace(one, tiers=Tiers(900, 500))
    wider = replace(one, goal=replace(one.goal, high_intent_share=0.6))
    assert churned(narrow, before, wider, before) == Churn(3, 0, 0)


def test_conversions_count_once_a_snapshot_of_the_lead_can_have_matured() -> None:
    """Of those that had happened by then."""
    late = AS_OF - timedelta(days=GOAL.horizon_days)
    old = WORLD.leads.filter(pl.col("created_at") <= late)["lead_id"]
    won = WORLD.conversions.filter(pl.col("at") < AS_OF, pl.col("lead_id").is_in(old.implode()))
    assert matured_conversions(WORLD, GOAL, AS_OF) == won["lead_id"].n_unique() > 0
    assert matured_conversions(WORLD, GOAL, EARLIER) < matured_conversions(WORLD, GOAL, AS_OF)


def test_the_rule_keeps_worse_models_out_and_lets_better_ones_in() -> None:
    """A few of the pairs of ``make bench-publication``, with its figures as limits."""
    worse = [clause(Plan(-0.03, 2_000, 300), seed) for seed in range(5)]
    better = [clause(Plan(0.03, 2_000, 300), seed) for seed in range(5)]
    assert not any(said.startswith("published") for said in worse)
    assert sum(said.startswith("published") for said in better) >= 3
