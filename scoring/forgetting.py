"""How fast the past grows old: rows may weigh half as much with every so many days.

Prices, products and markets change, and then old rows say what does not hold any more. How fast that goes differs
between tenants, and a tenant whose world stands still loses rows for nothing. So the newest conversions that have
matured are asked: logistic regressions that forget at different speeds learn from what had matured before them. A
quicker one is taken where it ranks the window surely better. What serves then forgets alike, whatever its form; what
is tried on the test rows forgets as their own past, and nothing later, advised.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import polars as pl

from scoring.evaluation import resampled_together
from scoring.models import Training, logistic, logistic_search
from scoring.models.judging import Fold
from scoring.models.rungs import Candidate, candidate, climbed
from scoring.splits import Mask, distinct_conversions

HALF_LIVES: Final = (365, 90)
"""In days. Slower than a year is hardly told from never; quicker than a quarter leaves few rows."""
WINDOW, BEFORE = 60, 100
"""Distinct converting leads of the window, and the least that must have matured before it."""
SURE = 0.9
"""In so many of the paired resamples the quicker one must rank better."""


def half_life(rows: pl.DataFrame, whole: Training, among: Mask, embargo_us: int, most: int) -> int | None:
    """Return after how many days a row weighs half; None: never less, or too little is known to say.

    ``rows`` and ``whole`` are the same rows, of which those ``among`` may be looked at; at most ``most`` are fitted on.
    """
    order = rows["order"].to_numpy()
    start = _newest(rows.filter(pl.Series(among)))
    if whole.day is None or start is None:
        return None
    before, window = among & (order + embargo_us <= start) & (order < start), among & (order >= start)
    if distinct_conversions(rows, before) < BEFORE or rows.filter(pl.Series(window))["label"].n_unique() < 2:
        return None
    group = resampled_together(rows.filter(pl.Series(window)))
    fold = Fold(whole.where(before).sampled(most), whole.where(window), group)
    found = logistic_search.search([fold])
    never = Candidate("", logistic.Recipe(found.penalty), found.log_odds)
    slower = climbed([fold], [never, *(_forgetting(fold, never, days) for days in HALF_LIVES)], SURE)
    return int(slower.name) if slower is not never else None


def _forgetting(fold: Fold, never: Candidate, days: int) -> Candidate:
    return candidate([replace(fold, train=faded(fold.train, days))], str(days), never.recipe)


def faded(rows: Training, days: int | None) -> Training:
    """Return the rows, each weighing half for every ``days`` that the newest is younger; None: as they are."""
    if days is None or rows.day is None or not rows.day.size:
        return rows
    newest = float(rows.day.max())
    return _weighed(replace(rows, young=rows.young and _weighed(rows.young, newest, days)), newest, days)


def _weighed(rows: Training, newest: float, days: int) -> Training:
    if rows.day is None:
        return rows
    return replace(rows, weight=rows.weight * 2.0 ** ((rows.day - newest) / days))


def sentence(days: int) -> str:
    """Say it on the model's card."""
    return (
        f"What happened long ago counts less: a row weighs half for every {days} days of age. "
        "So the newest leads with a known outcome were surely ranked better."
    )


def _newest(rows: pl.DataFrame) -> int | None:
    """Where the newest rows begin in which WINDOW leads convert; None where fewer do at all."""
    won = rows.filter(pl.col("label") == 1).group_by("lead_id").agg(pl.col("order").max())
    newest = won["order"].sort(descending=True)
    return int(newest[WINDOW - 1]) if newest.len() >= WINDOW else None
