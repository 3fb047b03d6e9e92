"""The rule that watches a model on trial: each clause ends it by itself, and none without need."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from scoring.champions.canary import LEAST_LEADS, Arm, Judgement, Matured, Verdict, Watched, judge

_DRAW = np.random.default_rng(5)
SAME = Arm(list(_DRAW.normal(50, 15, 400)), answered=400, failed=4, members=60, leaving=3, coming=3)
OTHER = replace(SAME, scores=list(_DRAW.normal(50, 15, 3_000)), answered=3_000, failed=30, members=450, leaving=20)


def judged(arm: Arm = SAME, *, matured: Matured | None = None, over: bool = False) -> Judgement:
    return judge(Watched(arm, OTHER, matured or Matured(), 0.25, over))


@pytest.mark.parametrize(
    ("clause", "arm", "matured"),
    [
        ("deliveries", replace(SAME, failed=40), Matured()),
        ("distribution", replace(SAME, scores=[score + 15 for score in SAME.scores]), Matured()),
        ("churn", replace(SAME, leaving=25), Matured()),
        ("churn", replace(SAME, coming=40), Matured()),
        ("calibration", SAME, Matured(200, 40.0, 30.0, 12)),
        ("calibration", SAME, Matured(200, 20.0, 17.0, 45)),
    ],
)
def test_each_clause_withdraws_whatever_day_it_is(clause: str, arm: Arm, matured: Matured) -> None:
    for over in (False, True):
        found = judged(arm, matured=matured, over=over)
        assert (found.verdict, found.clause) == (Verdict.WITHDRAWN, clause)


def test_without_any_it_goes_on_and_stays_once_its_days_are_over() -> None:
    assert judged().verdict is Verdict.GOES_ON
    assert judged(over=True).verdict is Verdict.PROMOTED
    few = replace(SAME, scores=SAME.scores[: LEAST_LEADS - 1])
    assert (judged(few, over=True).verdict, judged(few, over=True).clause) == (Verdict.GOES_ON, "few")


@pytest.mark.parametrize(
    ("arm", "matured"),
    [
        # What fails as often for both, few failures, a small band, a few conversions more.
        (replace(SAME, failed=4), Matured()),
        (replace(SAME, failed=8), Matured()),
        (replace(SAME, answered=150, failed=5), Matured()),
        (replace(SAME, answered=40, failed=4), Matured()),
        (replace(SAME, members=10, leaving=9), Matured()),
        (SAME, Matured(200, 40.0, 30.0, 48)),
        (SAME, Matured(20, 4.0, 3.0, 0)),
    ],
)
def test_luck_withdraws_nothing(arm: Arm, matured: Matured) -> None:
    assert judged(arm, matured=matured).verdict is Verdict.GOES_ON


def test_two_draws_of_one_population_are_hardly_ever_taken_for_two_models() -> None:
    """At a hundred leads an arm, over many nights and trials."""
    draw = np.random.default_rng(11)
    alarms = 0
    for _ in range(300):
        one, other = (Arm(list(np.clip(draw.gamma(2, 12, 100).round(), 0, 100))) for _ in range(2))
        alarms += judge(Watched(one, other, Matured(), 1.0, over=False)).verdict is Verdict.WITHDRAWN
    assert alarms == 0
