"""A tenant's years under the daily watch: what was found, when, and what was cried for nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scoring.monitoring.alarms import turned
from scoring.monitoring.arrivals import MISSING, SHAPE, Arrivals
from scoring.monitoring.colleagues import Placed
from scoring.monitoring.judging import LONGEST_DAYS, judged
from scoring.monitoring.reference import Reference, learn
from scoring.monitoring.strata import DAY_US
from tests.bench.drift.changes import FLAG, altered
from tests.bench.drift.world import BEGIN_US, IMPORTANT, TOP, Change, Tenant, moment

LEARNED_DAYS, CALM_DAYS = 430, 20
NIGHT = 2 / 24
FOUND_DAYS, FOUND_ARRIVALS = 3, 300


@dataclass(frozen=True)
class Watched:
    """A tenant's arrivals, binned once."""

    reference: Reference
    placed: Placed

    @classmethod
    def of(cls, found: Arrivals) -> Watched:
        """Learned from the first LEARNED_DAYS days."""
        reference = learn(found, moment(LEARNED_DAYS))
        assert reference is not None
        return cls(reference, reference.placed(found))

    def night(self, day: int, open_now: set[str]) -> set[str]:
        """Judge the night at the beginning of a day; returns the subjects of new alarms and updates the open ones."""
        now = moment(day + NIGHT)
        last = BEGIN_US + int((day + NIGHT) * DAY_US)
        first = last - (LONGEST_DAYS + 1) * DAY_US
        few = slice(*np.searchsorted(self.placed.at, [first, last]))
        turn = turned(open_now, judged(self.reference, self.placed.where(few), now, TOP), inputs_of)
        open_now -= set(turn.closed)
        open_now |= set(turn.opened)
        return set(turn.opened)


def inputs_of(name: str) -> tuple[str, ...]:
    """The feature that a measure is about."""
    return (name.removeprefix(SHAPE).removeprefix(MISSING),)


def false_alarms(seed: int, a_day: float, days: int = 365) -> list[str]:
    """The alarms of a year in which nothing happens but seasons, weekends, trends and campaigns."""
    watched = Watched.of(Tenant(seed, a_day).arrivals(LEARNED_DAYS + days))
    open_now: set[str] = set()
    return [name for day in range(LEARNED_DAYS, LEARNED_DAYS + days) for name in sorted(watched.night(day, open_now))]


@dataclass(frozen=True)
class Outcome:
    """``days`` and ``arrivals`` after a change when it was found; None: not in the time that was watched."""

    kind: str
    days: float | None
    arrivals: int | None


def detection(seed: int, a_day: float, kind: str) -> Outcome:
    """Change a feature that matters at some instant, by an index of .25 or 20 points of missing values; watch it."""
    rng = np.random.default_rng([seed, 1])
    tenant, place = Tenant(seed, a_day), int(rng.integers(0, IMPORTANT))
    begins = LEARNED_DAYS + max(CALM_DAYS, int(np.ceil(FOUND_ARRIVALS / a_day))) + float(rng.random())
    days = int(begins + np.ceil(1.5 * FOUND_ARRIVALS / a_day)) + FOUND_DAYS + 2
    kind = "higher" if kind == "wider" and tenant.traits().kind[place] == FLAG else kind
    first = BEGIN_US + int(begins * DAY_US)
    change = Change(first, place, altered(tenant, place, kind), missing=kind == "missing")
    watched = Watched.of(tenant.arrivals(days, change))
    open_now: set[str] = set()
    for day in range(int(begins) - CALM_DAYS // 2, days):
        found = watched.night(day, open_now)
        if day + NIGHT > begins and f"f{place}" in found:
            came = np.searchsorted(watched.placed.at, [first, BEGIN_US + int((day + NIGHT) * DAY_US)])
            return Outcome(kind, day + NIGHT - begins, int(came[1] - came[0]))
    return Outcome(kind, None, None)
