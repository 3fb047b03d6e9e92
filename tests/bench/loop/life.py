"""A tenant's life, step by step: train, contest, publish, watch, show, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from scoring.champions.outcome import Outcome
from scoring.champions.rule import Standing, decide
from scoring.champions.sides import Champion
from scoring.experiments.assignment import place, unit_of
from scoring.feedback import ARMS, Feedback
from scoring.monitoring.arrivals import AGE, HIGH_INTENT, arrivals
from scoring.monitoring.cohort import TOLD
from scoring.monitoring.daily import LOOKED_BACK
from scoring.monitoring.strata import Counts
from scoring.schema import UTC_TIME, History
from scoring.train import Training, train
from tests.bench.drift.trials import NIGHT
from tests.bench.drift.world import moment
from tests.bench.loop.measures import Band, Newcomers, band, newcomers
from tests.bench.loop.nights import Watch
from tests.bench.loop.plan import Plan
from tests.bench.loop.records import GOAL, Outcomes
from tests.bench.loop.world import World
from tests.bench.rows import progress

HELD_OUT = 0.3
"""Of the companies, where scores are held out."""
WEEK = 7
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Step:
    """What the rule ``said`` of the ``newest`` model on a day, and the High-Intent ``band`` as that one sees it.

    How models do among newcomers: ``ours``, which scores from then on, and ``frozen``, never trained again.
    """

    day: int
    said: str
    ours: Newcomers
    newest: Newcomers
    frozen: Newcomers
    band: Band


@dataclass(frozen=True, slots=True)
class Life:
    """What was seen. Of each person: ``high``, reached the High-Intent band; ``held``, is of a held-out company; when
    it was ``won`` (µs; -1: never).

    ``feedback``: what the last training says of the weights of held-out leads; empty where nothing was held out.
    """

    world: World
    steps: tuple[Step, ...]
    alarms: tuple[tuple[int, str], ...]
    feedback: str
    high: Flags
    held: Flags
    won: Counts

    def history(self, day: int) -> History:
        """All that was known of those who came before a day, and what became of them later."""
        count = self.world.came(day)
        return self.world.records.until(count, self.world.outcomes(self.high[:count] & ~self.held[:count]))


@dataclass(frozen=True, slots=True)
class Scorer:
    """A model and the day on which it was trained."""

    trained: Training
    day: int

    def champion(self) -> Champion:
        """As a challenger meets it."""
        one = self.trained
        return Champion(one.bundle, one.trial, one.begins, moment(self.day + NIGHT))


@dataclass
class Living:
    """A life that is being lived. ``held_out``: the share of companies whose people are never shown."""

    world: World
    held_out: float
    watch: Watch = field(default_factory=Watch)

    def __post_init__(self) -> None:
        """Nobody has been scored yet."""
        count = len(self.world.people.at)
        self.high, self.chance = np.zeros(count, dtype=np.bool_), np.full(count, np.nan)

    @cached_property
    def held(self) -> Flags:
        """Whose company is held out."""
        companies = self.world.people.company
        drawn = [place(unit_of(str(self.world.seed), str(name))) < self.held_out for name in range(companies.max() + 1)]
        return np.array(drawn)[companies]

    def lived(self) -> Life:
        """Live it to the end."""
        plan, steps = self.world.plan, []
        first = newest = champion = self.trained(plan.first, None, None)
        self._learn(champion)
        said = "published: first"
        for day in plan.steps:
            if day > plan.first:
                newest = self.trained(day, champion, newest)
                said = _said(newest.trained)
                if not said.startswith(Outcome.REFUSED):
                    champion = newest
                    self._learn(champion)
            steps.append(self._step(day, said, (champion, newest, first)))
            self._score(champion, day, min(day + plan.step, plan.end))
        weighed = newest.trained.report.get("feedback")
        feedback = Feedback(**weighed).sentence if weighed else ""
        outcomes = self._outcomes(plan.end)
        return Life(self.world, tuple(steps), tuple(self.watch.alarms), feedback, self.high, self.held, outcomes.won)

    def trained(self, day: int, champion: Scorer | None, last: Scorer | None) -> Scorer:
        """Train on a day, beside the model that scores, knowing what the ``last`` training found out."""
        made = train(
            self.history(day),
            GOAL,
            as_of=moment(day + NIGHT),
            seed=0,
            tenant="loop",
            version=f"model_{day}",
            score_map=champion.trained.bundle.score_map if champion else None,
            champion=champion.champion() if champion else None,
            arms=self._arms(day) if self.held_out else None,
            taught_since=last.trained.report.get("taught_since_day") if last else None,
        )
        return Scorer(made, day)

    def _learn(self, champion: Scorer) -> None:
        made = champion.trained
        self.watch.learn(made.bundle, made.report, self.history(champion.day), champion.day)

    def _step(self, day: int, said: str, scorers: tuple[Scorer, Scorer, Scorer]) -> Step:
        people, history = self.world.probe(day)
        bundles = [one.trained.bundle for one in scorers]
        ours, newest, frozen = (newcomers(one, people, history, day) for one in bundles)
        found = f"{ours.reached:.3f} of the best, the newest {newest.reached:.3f}, the first {frozen.reached:.3f}"
        progress(f"day {day}: {said}; {found}")
        seen = band(bundles[1], self.world.people, self.history(day), day)
        return Step(day, said, ours, newest, frozen, seen)

    def _score(self, champion: Scorer, day: int, end: int) -> None:
        """Score who comes until ``end``, show the best of them, and watch each night."""
        first, last = self.world.came(day), self.world.came(end)
        since, now = moment(day) - LOOKED_BACK, moment(end) + AGE
        bundle = champion.trained.bundle
        found = arrivals(bundle, self.history(end), since=since, now=now)
        newcomers = slice(len(found.at) - (last - first), None)
        if not np.array_equal(found.at[newcomers], self.world.people.at[first:last]):
            raise ValueError(f"Between the days {day} and {end} not everybody was scored.")
        self.high[first:last] = found.values[newcomers, found.names.index(HIGH_INTENT)] > 0
        self.chance[first:last] = found.chance[newcomers]
        for week in range(day, end, WEEK):
            days = range(week + 1, min(week + WEEK, end) + 1)
            self.watch.nights(bundle, found, days)
            self.watch.matured(self._told(), self.history(days[-1]), days[-1])

    def _outcomes(self, day: int) -> Outcomes:
        """Of who has come; whoever is not scored yet is not shown."""
        count = self.world.came(day)
        return self.world.outcomes(self.high[:count] & ~self.held[:count])

    def history(self, day: int) -> History:
        """All that is known of those who came before a day."""
        return self.world.records.until(self.world.came(day), self._outcomes(day))

    def _told(self) -> pl.DataFrame:
        scored = np.flatnonzero(~np.isnan(self.chance))
        columns = {"lead_id": scored + 1, "as_of": self._scored_at(scored), "chance": self.chance[scored]}
        return pl.DataFrame(columns, schema=TOLD)

    def _arms(self, day: int) -> pl.DataFrame:
        """Of those who reached the band, whether they were shown."""
        some = np.flatnonzero(self.high[: self.world.came(day)])
        arms = {
            "lead_id": some + 1,
            "shown": ~self.held[some],
            "held_out_share": np.full(len(some), self.held_out),
            "since": self._scored_at(some),
            "until": [None] * len(some),
        }
        return pl.DataFrame(arms, schema=ARMS)

    def _scored_at(self, some: Counts) -> pl.Series:
        return pl.Series(self.world.people.at[some]).cast(UTC_TIME) + AGE


def lived(seed: int, plan: Plan, held_out: float) -> Life:
    """One life."""
    return Living(World(seed, plan), held_out).lived()


def _said(challenger: Training) -> str:
    """What the rule says; where it asks a person, that person agrees at once."""
    decision = decide(challenger.contest, Standing())
    agreed = " and agreed to" if decision.outcome is Outcome.WAITING else ""
    return f"{decision.outcome}{agreed}: {decision.clause}"
