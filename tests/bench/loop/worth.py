"""What the holdout's comparison finds, looked at every four weeks, beside the known truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from scoring.experiments import UNITS, compared, looked
from scoring.monitoring.strata import DAY_US
from tests.bench.drift.world import BEGIN_US
from tests.bench.loop.life import Flags, Life
from tests.bench.loop.people import HORIZON_DAYS

BETWEEN_DAYS = 28


@dataclass(frozen=True, slots=True)
class Worth:
    """Conversions more of a High-Intent lead that is shown: as found at the last look, with an interval that holds at
    all looks together (infinite where too few converted), and as it is. ``always``: the truth lay in all intervals."""

    found: float
    low: float
    high: float
    truth: float
    leads: int
    always: bool


def worth(life: Life) -> Worth | None:
    """None where too few companies have been drawn into an arm to compare anything."""
    plan, found = life.world.plan, []
    for day in range(plan.first + HORIZON_DAYS + BETWEEN_DAYS, plan.end + 1, BETWEEN_DAYS):
        some = _matured(life, day)
        one = compared(_units(life, some))
        if one is not None and one.error > 0:
            found.append((one, _truth(life, some)))
    if not found:
        return None
    # Planned for as many as come until the end.
    looks = looked([one for one, _ in found], int(_matured(life, plan.end).sum()))
    last, truths = looks[-1], [truth for _, truth in found]
    always = all(look.low <= truth <= look.high for look, truth in zip(looks, truths, strict=True))
    return Worth(last.comparison.difference, last.low, last.high, truths[-1], sum(last.comparison.leads), always)


def _matured(life: Life, day: int) -> Flags:
    """Who reached the band so long ago that the horizon is over."""
    return life.high & (life.world.people.at <= BEGIN_US + (day - HORIZON_DAYS) * DAY_US)


def _units(life: Life, some: Flags) -> pl.DataFrame:
    people = life.world.people
    in_time = (life.won >= 0) & (life.won <= people.at + HORIZON_DAYS * DAY_US)
    columns = {
        "unit": people.company[some].astype(str),
        "treated": ~life.held[some],
        "value": in_time[some].astype(np.float64),
    }
    return pl.DataFrame(columns, schema=UNITS)


def _truth(life: Life, some: Flags) -> float:
    people = life.world.people
    return float((people.shown[some] - people.chance[some]).mean())
