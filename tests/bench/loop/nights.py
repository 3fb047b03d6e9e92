"""The daily watch of a life: alarms of arrivals each night, and of chances that came true each week."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl

from scoring.bundle import Bundle
from scoring.monitoring.alarms import turned
from scoring.monitoring.arrivals import Arrivals
from scoring.monitoring.cohort import TOLD, cohort
from scoring.monitoring.daily import LOOKED_BACK, first_look, important
from scoring.monitoring.judging import judged
from scoring.monitoring.reference import Reference
from scoring.monitoring.strata import DAY_US
from scoring.monitoring.words import CALIBRATION, inputs_of
from scoring.schema import UTC_TIME, History
from tests.bench.drift.trials import NIGHT
from tests.bench.drift.world import BEGIN_US, moment
from tests.bench.loop.people import HORIZON_DAYS
from tests.bench.loop.records import GOAL

COHORT_DAYS = 60
"""So long a time of first scores is held against what became of it, as in the product."""


@dataclass(slots=True)
class Watch:
    """``alarms``: (day, subject) of all that were opened; ``open_now``: subjects."""

    alarms: list[tuple[int, str]] = field(default_factory=list)
    open_now: set[str] = field(default_factory=set)
    reference: Reference | None = None
    matter: frozenset[str] = frozenset()

    def learn(self, bundle: Bundle, report: Mapping[str, Any], history: History, day: int) -> None:
        """Compare with what ``bundle``, which scores from now on, has learned from."""
        self.reference = first_look(bundle, history, moment(day + NIGHT))
        self.matter = important(bundle, report["features"])

    def nights(self, bundle: Bundle, found: Arrivals, days: Sequence[int]) -> None:
        """Judge the arrivals at the beginning of each of the days."""
        if self.reference is None:
            return
        placed = self.reference.placed(found)
        for day in days:
            last = BEGIN_US + int((day + NIGHT) * DAY_US)
            few = slice(*np.searchsorted(found.at, [last - LOOKED_BACK // timedelta(microseconds=1), last]))
            findings = judged(self.reference, placed.where(few), moment(day + NIGHT), self.matter)
            turn = turned(self.open_now, findings, lambda name: inputs_of(bundle, name))
            self._turn(day, turn.opened, turn.closed)

    def matured(self, told: pl.DataFrame, history: History, day: int) -> None:
        """Hold the chances of ``told`` (TOLD) whose time is over against what ``history`` knows of them."""
        end = pl.lit(moment(day + NIGHT - HORIZON_DAYS), UTC_TIME)
        some = told.filter((pl.col("as_of") < end) & (pl.col("as_of") >= end - timedelta(days=COHORT_DAYS)))
        found = cohort(some.cast(TOLD), history, GOAL)
        if found is None or found.drift is None:
            return
        if found.certain and CALIBRATION not in self.open_now:
            self._turn(day, (CALIBRATION,), ())
        if not found.drift.reasons:
            self._turn(day, (), (CALIBRATION,))

    def _turn(self, day: int, opened: Sequence[str] | Mapping[str, object], closed: Sequence[str]) -> None:
        self.open_now -= set(closed)
        self.open_now |= set(opened)
        self.alarms += [(day, name) for name in opened]
