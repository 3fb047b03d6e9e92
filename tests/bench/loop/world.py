"""A life's people and records, drawn once from a seed: both lives of a seed have the same people with the same luck."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from scoring.metrics import Floats
from scoring.monitoring.arrivals import AGE
from scoring.monitoring.strata import DAY_US
from scoring.schema import History
from tests.bench.drift.world import BEGIN_US
from tests.bench.loop.people import LIFT, People, days_open, drawn, instants, recorded
from tests.bench.loop.plan import Plan
from tests.bench.loop.records import Outcomes, Records, records

_AGE_US = int(AGE.total_seconds()) * 1_000_000


@dataclass(frozen=True)
class World:
    """``luck``: a person is won where it lies below the chance."""

    seed: int
    plan: Plan

    @cached_property
    def people(self) -> People:
        """Everybody who comes."""
        rng = np.random.default_rng([self.seed, 1])
        return drawn(rng, instants(rng, self.plan), self.plan)

    @cached_property
    def records(self) -> Records:
        """What is told of them."""
        return records(np.random.default_rng([self.seed, 2]), self.people, self.plan)

    @cached_property
    def luck(self) -> Floats:
        """One draw a person."""
        return np.random.default_rng([self.seed, 3]).random(len(self.people.at))

    @cached_property
    def patience(self) -> Floats:
        """One draw a person, of mean 1, of how long it takes."""
        return np.random.default_rng([self.seed, 4]).exponential(1.0, len(self.people.at))

    def came(self, day: int) -> int:
        """How many have come before a day begins."""
        return int(np.searchsorted(self.people.at, BEGIN_US + day * DAY_US))

    def outcomes(self, shown: npt.NDArray[np.bool_]) -> Outcomes:
        """What becomes of the first people, of whom some are ``shown`` as High-Intent since they were an hour old."""
        some = slice(0, len(shown))
        ever = self.people.ever[some] + LIFT * shown
        days = days_open(ever) * self.patience[some]
        end = self.people.at[some] + _AGE_US + np.asarray(days * DAY_US, dtype=np.int64)
        won = self.luck[some] < recorded(ever)
        return Outcomes(np.where(won, end, -1), np.where(won, -1, end))

    def probe(self, day: int) -> tuple[People, History]:
        """Newcomers of the week from a day on, as they would come in much larger numbers."""
        rng = np.random.default_rng([self.seed, 5, day])
        at = np.sort(BEGIN_US + ((day + 7 * rng.random(self.plan.probe)) * DAY_US).astype(np.int64))
        people = drawn(rng, at, self.plan)
        nothing = np.full(len(at), -1, dtype=np.int64)
        return people, records(rng, people, self.plan).until(len(at), Outcomes(nothing, nothing))
