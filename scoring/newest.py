"""The newest matured conversions, and what a plain model that never saw their leads says of them.

Whether some of the past should count less is asked of them. They are newer than the rolling windows that choose the
recipe: those end before the test rows, a fifth of the conversions. And they are not foretold from what had matured
before them, as those are, but from all others that have matured by now: that is what the next model learns from, so it
is what is to be weighed. Foretold, a change would be seen a whole horizon later.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from scoring.evaluation import resampled_together
from scoring.metrics import Floats, Indices
from scoring.models import Training, logistic, logistic_search
from scoring.models.choose import SEARCH_ROWS
from scoring.models.judging import Fold, losses
from scoring.models.rungs import Candidate, candidate, climbed
from scoring.splits import Mask, distinct_conversions

_DAY_US = 86_400_000_000
WINDOW, SHARE, BEFORE = (60, 240), 0.1, 100
"""Distinct converting leads of the window (at least and at most, and as a share of all); the least before it."""
SURE: Final = 0.9
"""In so many of the paired resamples the window must be ranked better."""


@dataclass(frozen=True, slots=True)
class Spared:
    """A difference of summed log-losses, and its standard error over companies."""

    loss: float
    error: float


@dataclass(frozen=True, slots=True)
class Newest:
    """The window from ``start`` (µs) on, in two halves by company (by lead where none is known).

    Each of ``folds`` learns from ``others``: all rows but those of the companies that it is judged on. ``plain``: what
    logistic regression says that learned from all of these alike. ``came``: the day on which each row's lead did.
    ``ages``: how many days before the newest row each lead that converts was seen last; ``since``: came.
    """

    whole: Training
    start: int
    others: tuple[Mask, Mask]
    folds: tuple[Fold, Fold]
    plain: Candidate
    came: Floats
    ages: Floats
    since: Floats

    def learned(
        self, name: str, changed: Callable[[Training, Mask], Training], penalty: float | None = None
    ) -> Candidate:
        """The same regression, or one of another ``penalty``, where the rows that each half learns from are changed.

        ``changed`` is given the rows and their places.
        """
        folds = [
            Fold(changed(fold.train, others), fold.window, fold.group)
            for fold, others in zip(self.folds, self.others, strict=True)
        ]
        recipe = self.plain.recipe if penalty is None else logistic.Recipe(penalty)
        return candidate(folds, name, recipe)

    def spared(self, one: Candidate) -> Spared:
        """By how much its log-loss over the window, once recalibrated, is below the plain one's."""
        before, after = (
            [losses(fold, raw) for fold, raw in zip(self.folds, said, strict=True)]
            for said in (self.plain.log_odds, one.log_odds)
        )
        companies = [
            np.bincount(fold.group, weights=old - new) for fold, old, new in zip(self.folds, before, after, strict=True)
        ]
        each = np.concatenate(companies)
        return Spared(float(each.sum()), float(np.sqrt((each**2).sum())))

    def surely(self, others: Sequence[Candidate]) -> Candidate:
        """The last of ``others`` that surely ranks the window better than those before it, or the plain one."""
        return climbed(self.folds, [self.plain, *others], SURE)


def begins(rows: pl.DataFrame, among: Mask) -> int | None:
    """When the window begins (µs) that is cut from the rows ``among``; None where too few convert."""
    won = _won(rows.filter(pl.Series(among)))
    size = min(max(int(SHARE * len(won)), WINDOW[0]), WINDOW[1])
    if len(won) < size:
        return None
    start = int(won[size - 1])
    before = distinct_conversions(rows, among & (rows["order"].to_numpy() < start))
    return start if before >= BEFORE else None


def newest(rows: pl.DataFrame, whole: Training, among: Mask) -> Newest | None:
    """Cut the window from the rows ``among``, which have matured; None where too few convert to tell anything.

    ``rows`` and ``whole`` are the same rows.
    """
    start, order = begins(rows, among), rows["order"].to_numpy()
    if start is None:
        return None
    window, together = among & (order >= start), resampled_together(rows)
    # By a number that has nothing to do with when somebody came.
    odd = np.random.default_rng(whole.seed).permutation(int(together.max()) + 1)[together] % 2 == 1
    halves = [(window & half, among & ~np.isin(together, together[window & half])) for half in (odd, ~odd)]
    if any(np.unique(whole.label[judged]).size < 2 for judged, _ in halves):
        return None
    first, second = (_fold(whole, together, judged, others) for judged, others in halves)
    found = logistic_search.search([first, second])
    plain = Candidate("", logistic.Recipe(found.penalty), found.log_odds)
    newest_day, came = float(order[among].max()) / _DAY_US, _came(rows)
    ages = newest_day - _won(rows.filter(pl.Series(among))) / _DAY_US
    converts = rows.with_columns(came=pl.Series(came)).filter(pl.Series(among), pl.col("label") == 1)
    since = newest_day - converts.unique("lead_id")["came"].to_numpy()
    return Newest(whole, start, (halves[0][1], halves[1][1]), (first, second), plain, came, ages, since)


def _came(rows: pl.DataFrame) -> Floats:
    """Somebody of whom it is not known has always been there."""
    age = rows["age_days"].fill_null(np.inf).to_numpy()
    found: Floats = rows["order"].to_numpy() / _DAY_US - age
    return found


def _fold(whole: Training, together: Indices, judged: Mask, others: Mask) -> Fold:
    group = np.unique(together[judged], return_inverse=True)[1]
    return Fold(whole.where(others).sampled(SEARCH_ROWS), whole.where(judged), group)


def _won(rows: pl.DataFrame) -> Indices:
    """When each lead that converts was seen last (µs), the newest first."""
    won = rows.filter(pl.col("label") == 1).group_by("lead_id").agg(pl.col("order").max())
    found: Indices = won["order"].sort(descending=True).to_numpy()
    return found
