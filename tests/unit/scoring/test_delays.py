"""Which horizon a tenant's own delays speak for."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from scoring.delays import ENOUGH, HORIZONS, delay_curve
from scoring.schema import CONVERSIONS, History
from scoring.train import train
from tests.unit.scoring.trained import trained
from tests.unit.scoring.worlds import AS_OF, DATED_GOAL, PLAIN_GOAL, dated


def slowed(times: float) -> History:
    """The usual world, its conversions ``times`` as long after creation."""
    made = dated(600)
    born = made.leads.select("lead_id", "created_at")
    late = made.conversions.join(born, on="lead_id")
    at = pl.col("created_at") + (pl.col("at") - pl.col("created_at")) * times
    return replace(made, conversions=late.with_columns(at=at).filter(pl.col("at") < AS_OF).select(CONVERSIONS.names()))


@pytest.mark.parametrize(("times", "days"), [(0.1, 7), (0.4, 30), (1.0, 60)])
def test_the_least_horizon_that_catches_enough_is_suggested(times: float, days: int) -> None:
    """Delays are 3 days and an exponential of 25 more: four fifths within 43."""
    found = delay_curve(slowed(times), DATED_GOAL, AS_OF)
    assert found is not None
    assert found["suggested"]["days"] == days
    assert found["suggested"]["share"] >= ENOUGH
    shorter = replace(DATED_GOAL, horizon_days=HORIZONS[HORIZONS.index(days) - 1] if days > HORIZONS[0] else 3)
    less = delay_curve(slowed(times), shorter, AS_OF)
    assert less is not None
    assert less["within_horizon"] < ENOUGH


def test_the_report_suggests_another_horizon_only() -> None:
    """Nothing is said to who has it already."""
    goal = replace(PLAIN_GOAL, horizon_days=60)
    content = train(dated(250), goal, as_of=AS_OF, seed=1, tenant="t", version="v").report
    told = (trained().report, content)
    assert [report["goal"]["horizon_days"] for report in told] == [30, 60]
    notes = [[note for note in report["notes"] if "By your own history" in note] for report in told]
    assert "a horizon of 60 days would do" in notes[0][0]
    assert notes[1] == []
