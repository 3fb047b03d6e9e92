"""What is known of a model where every person's chance is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from scoring.bundle import Bundle
from scoring.metrics import Floats, Ranking
from scoring.monitoring.arrivals import AGE, arrivals
from scoring.predict import score
from scoring.schema import History
from scoring.tiers import HIGH
from tests.bench.drift.trials import NIGHT
from tests.bench.drift.world import moment
from tests.bench.loop.people import People


@dataclass(frozen=True, slots=True)
class Band:
    """The open leads in the High-Intent band: sums of their ``stated`` chances and of the ``true`` ones, not shown."""

    leads: int
    stated: float
    true: float


@dataclass(frozen=True, slots=True)
class Newcomers:
    """``reached``: (AUC − .5) over (AUC* − .5), AUC* of the best ranking by what is told. Mean chances, not shown."""

    reached: float
    stated: float
    true: float


def newcomers(bundle: Bundle, people: People, history: History, day: int) -> Newcomers:
    """Score those who come in the week from ``day`` on when they are an hour old."""
    found = arrivals(bundle, history, since=moment(day), now=moment(day + 7) + AGE)
    if not np.array_equal(found.at, people.at):
        raise ValueError(f"Of {len(people.at):,} newcomers {len(found.at):,} were scored.")
    return Newcomers(reached(found.chance, people), float(found.chance.mean()), float(people.chance.mean()))


def reached(score: Floats, people: People) -> float:
    """By scores of ``people``, in their order."""
    return (auc(score, people.chance) - 0.5) / (auc(people.told, people.chance) - 0.5)


def auc(score: Floats, chance: Floats) -> float:
    """The expected area under the ROC curve where each person converts by ``chance``."""
    label = np.repeat([1.0, 0.0], len(chance))
    return Ranking.of(label, np.tile(score, 2)).auc(np.concatenate([chance, 1 - chance]))


def band(bundle: Bundle, people: People, history: History, day: int) -> Band:
    """The band as it is at the beginning of ``day``. A chance does not depend on how long somebody has been open."""
    scores = score(bundle, history, as_of=moment(day + NIGHT), reasons=False).filter(pl.col("tier") == HIGH)
    true = people.told[scores["lead_id"].to_numpy() - 1]
    return Band(scores.height, float(scores["probability"].sum()), float(true.sum()))
