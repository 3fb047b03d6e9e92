"""What became known since the champion was trained, and what a model that has learned of it says.

The trial models of champion and challenger both end before the newest window, so that neither has learned of a change
that lies within it: nothing then speaks for the newer one. Here the champion is asked as it serves about the leads of
which no horizon had ended at its training, so that it has learned from none of them; the challenger's recipe is asked
where it has learned from all other companies (``crossed``).

The challenger knows the time of what it is asked about (from other companies), the champion does not. That is what
shall be found, but it makes an equal recipe look a little better, so this comparison can let a model score and never
refuses one. (Where the champion learned from rows that had not been followed for the whole horizon, it knows a little
of these, which speaks for it.)
"""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from scoring.champions.comparison import Comparison, compared
from scoring.champions.sides import Champion, Ground
from scoring.crossed import crossed
from scoring.features import build
from scoring.population import numbered
from scoring.schema import Timing
from scoring.splits import distinct_conversions

LEAST_CONVERSIONS = 20
"""Distinct converting leads; of fewer no difference would be sure."""


def since(champion: Champion, ground: Ground) -> Comparison | None:
    """Compare on the leads that have matured since; None where they are few, or the outcome has no date."""
    task, choice, past = ground.task, ground.trial.choice, ground.fitted.past
    if choice is None or past is None or task.goal.timing is not Timing.DATED:
        return None
    known = champion.as_of - timedelta(days=task.goal.horizon_days)
    # A lead that the champion has met before has taught it its outcome.
    newer = task.rows.select(pl.col("as_of").min().over("lead_id") >= known).to_series().to_numpy()
    if distinct_conversions(task.rows, newer) < LEAST_CONVERSIONS:
        return None
    rows = numbered(task.rows.filter(pl.Series(newer)))
    serving = champion.serving
    said = serving.log_odds(build(task.timeline, rows, serving.spec).matrix)
    fitted = ground.fitted
    raw = crossed(task.rows, task.training(fitted.vectors.matrix, fitted.spec), choice.recipe, past, newer)
    return compared(rows, said, fitted.calibration.apply(raw), task.seed)
