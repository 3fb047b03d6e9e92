"""The newest matured conversions, and what a plain model of what had matured before them says of their window.

Whether some of the past should count less is asked of it. It is newer than the rolling windows that choose the recipe:
those end before the test rows, a fifth of the conversions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from scoring.evaluation import resampled_together
from scoring.models import Training, logistic, logistic_search
from scoring.models.choose import SEARCH_ROWS
from scoring.models.judging import Fold
from scoring.models.rungs import Candidate, candidate, climbed
from scoring.splits import Mask, distinct_conversions

WINDOW, BEFORE = 60, 100
"""Distinct converting leads of the window, and the least that must have matured before it."""
SURE: Final = 0.9
"""In so many of the paired resamples the window must be ranked better."""


@dataclass(frozen=True, slots=True)
class Newest:
    """The window from ``start`` (µs) on, the rows ``before`` it that had matured by then, and ``plain``: what logistic
    regression says that learned from all of these alike."""

    whole: Training
    before: Mask
    start: int
    fold: Fold
    plain: Candidate

    def learned(self, name: str, train: Training) -> Candidate:
        """The same regression on other rows, or on rows that weigh otherwise."""
        fold = Fold(train, self.fold.window, self.fold.group)
        return candidate([fold], name, self.plain.recipe)

    def surely(self, others: list[Candidate]) -> Candidate:
        """The last of ``others`` that surely ranks the window better than those before it, or the plain one."""
        return climbed([self.fold], [self.plain, *others], SURE)


def newest(rows: pl.DataFrame, whole: Training, among: Mask, embargo_us: int) -> Newest | None:
    """Cut the window from the rows ``among``; None where these hold too few conversions to tell anything.

    ``rows`` and ``whole`` are the same rows.
    """
    order, start = rows["order"].to_numpy(), _begins(rows.filter(pl.Series(among)))
    if start is None:
        return None
    before, window = among & (order + embargo_us <= start) & (order < start), among & (order >= start)
    newer = rows.filter(pl.Series(window))
    if distinct_conversions(rows, before) < BEFORE or newer["label"].n_unique() < 2:
        return None
    fold = Fold(whole.where(before).sampled(SEARCH_ROWS), whole.where(window), resampled_together(newer))
    found = logistic_search.search([fold])
    return Newest(whole, before, start, fold, Candidate("", logistic.Recipe(found.penalty), found.log_odds))


def _begins(rows: pl.DataFrame) -> int | None:
    """Where the newest rows begin in which WINDOW leads convert; None where fewer do at all."""
    won = rows.filter(pl.col("label") == 1).group_by("lead_id").agg(pl.col("order").max())
    order = won["order"].sort(descending=True)
    return int(order[WINDOW - 1]) if order.len() >= WINDOW else None
