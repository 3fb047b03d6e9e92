"""What is compared on: the rows and vectors of a data set, cut in time once or at several origins."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl

from scoring.features import build, fit
from scoring.learning import Task
from scoring.metrics import Floats
from scoring.models import Training
from scoring.schema import Goal, Timing
from scoring.splits import Split, distinct_conversions
from scoring.timeline import Timeline

STARTS = (0.6, 0.7, 0.8, 0.9, 1.0)
"""Shares of the positive rows (of all rows where no date is known) at which test windows begin and the last ends."""
VALID_SHARE = 0.25
SHRUNK = (1.0, 0.5, 0.25, 0.0)
"""Shares of a horizon that may be kept free before validation, the first that leaves enough to learn from. Before the
test it is always the whole one."""
LEAST_CONVERSIONS = 30
_DAY_US = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Case:
    """A data set: snapshot rows as ``scoring.dataset`` makes them, and where they are cut.

    ``truth``: each row's true log-odds of conversion, known of generated tenants alone.
    """

    name: str
    timeline: Timeline
    rows: pl.DataFrame
    goal: Goal
    splits: tuple[Split, ...]
    truth: Floats | None = None
    canary: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One origin of a case: all rows with vectors whose spec was learned before the test window, and the masks."""

    whole: Training
    rows: pl.DataFrame
    goal: Goal
    split: Split


def parts(case: Case, seed: int) -> list[Part]:
    """The vectors at every origin; the same for ours and for all peers."""
    found = []
    for split in case.splits:
        spec, _ = fit(case.timeline, case.rows.filter(pl.Series(split.dev)), case.goal.timing)
        task = Task(case.timeline, case.rows, case.goal, (), seed)
        whole = task.training(build(case.timeline, case.rows, spec).matrix, spec)
        found.append(Part(whole, case.rows, case.goal, split))
    return found


def rolling(rows: pl.DataFrame, goal: Goal) -> tuple[Split, ...]:
    """Test windows that follow each other; before each, all matured older rows, their last quarter for validation."""
    order = rows["order"].to_numpy()
    dated = goal.timing is Timing.DATED
    pool = np.sort(order[rows["label"].to_numpy() == 1] if dated else order)
    cuts = [int(pool[min(round(share * len(pool)), len(pool) - 1)]) for share in STARTS]
    cuts[-1] += 1
    horizon = goal.horizon_days * _DAY_US if dated else 0
    return tuple(_cut(rows, start, end, horizon) for start, end in pairwise(cuts))


def _cut(rows: pl.DataFrame, start: int, end: int, horizon: int) -> Split:
    order = rows["order"].to_numpy()
    dev = (order + horizon <= start) & (order < start)
    pool = np.sort(order[dev & (rows["label"].to_numpy() == 1)] if horizon else order[dev])
    middle = int(pool[round((1 - VALID_SHARE) * (len(pool) - 1))])
    for share in SHRUNK:
        kept_free = round(share * horizon)
        train = dev & (order + kept_free <= middle) & (order < middle)
        if not horizon or distinct_conversions(rows, train) >= LEAST_CONVERSIONS:
            break
    return Split(train, dev & (order >= middle), (order >= start) & (order < end), dev, (), kept_free)
