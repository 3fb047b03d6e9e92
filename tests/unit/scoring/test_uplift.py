"""Who is worth a call: found where a call changes something for some, and not invented where it does not."""

from __future__ import annotations

import numpy as np
import polars as pl
from scipy.special import expit

from scoring.experiments.uplift import CASES, LEAST_CONVERSIONS, QUARTERS, uplift


def _cases(count: int, helps: float, seed: int, base: float = -0.8) -> pl.DataFrame:
    """Companies of two. Being shown raises the log-odds by ``helps`` for the half with high engagement alone."""
    draw = np.random.default_rng(seed)
    chance, fit, engagement = draw.normal(size=(3, count))
    unit = np.repeat(np.arange(count // 2), 2)
    treated = draw.random(count // 2)[unit] < 0.5
    odds = base + 0.8 * chance + helps * treated * (engagement > 0) + 0.3 * draw.normal(size=count // 2)[unit]
    return pl.DataFrame(
        {
            "unit": unit.astype(str),
            "treated": treated,
            "converted": draw.random(count) < expit(odds),
            "log_odds": chance,
            "fit": fit,
            "engagement": engagement,
        },
        schema=CASES,
    )


def test_those_whom_a_call_changes_are_found() -> None:
    """The upper quarters are those with engagement, and the effect is there and nowhere else."""
    found = uplift(_cases(3_000, 1.4, 1), seed=5)
    assert found
    assert found.certain
    assert found.low < found.qini < found.high
    assert len(found.quarters) == QUARTERS
    first, *_, last = found.quarters
    assert first.means["engagement"] > 0.8
    assert last.means["engagement"] < -0.8
    assert first.low is not None
    assert first.low > 0.1
    assert last.low is not None
    assert last.high is not None
    assert last.low < 0 < last.high


def test_where_a_call_changes_nothing_or_everybody_alike_nobody_is_named() -> None:
    """In nearly all of many trials without any difference the interval does not lie above zero."""
    alarms = 0
    for seed in range(8):
        found = uplift(_cases(1_600, 0.0, 100 + seed), seed)
        assert found
        alarms += found.certain
        assert found.certain == bool(found.quarters)
    assert alarms <= 1


def test_with_few_conversions_in_an_arm_nothing_is_said() -> None:
    cases = _cases(1_600, 1.0, 3)
    won = cases.filter("converted", ~pl.col("treated")).head(LEAST_CONVERSIONS - 1)
    fewer = pl.concat([won, cases.filter(~(pl.col("converted") & ~pl.col("treated")))])
    assert uplift(cases, 1) is not None
    assert uplift(fewer, 1) is None


def test_the_same_cases_give_the_same_figures() -> None:
    cases = _cases(1_600, 1.0, 3)
    assert uplift(cases, 1) == uplift(cases, 1)
