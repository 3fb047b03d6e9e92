"""How well newcomers could be ranked by whoever knew since when the world is another: the ceiling of a recovery.

Outcomes are known a horizon late, so that some time after a change there is only so much to learn from. A plain
logistic regression learns from all matured rows of those who came since the change, and is as strict as serves
newcomers best: both are known in hindsight alone. The outcomes are the life's own, with the echo of its scores.
"""

from __future__ import annotations

import polars as pl

from scoring.dataset import snapshots
from scoring.features import build
from scoring.learning import Task
from scoring.models import logistic
from scoring.monitoring.arrivals import AGE
from scoring.timeline import Timeline
from tests.bench.drift.trials import NIGHT
from tests.bench.drift.world import moment
from tests.bench.loop.life import Life
from tests.bench.loop.measures import reached
from tests.bench.loop.records import GOAL


def ceiling(life: Life, begins: int, day: int) -> float | None:
    """The share of (AUC* − .5) that is reached on a ``day``; None where nobody who came since ``begins`` has matured
    in either way."""
    history, now = life.history(day), moment(day + NIGHT)
    rows, timeline = snapshots(history, GOAL, as_of=now, seed=0), Timeline(history)
    age = pl.duration(microseconds=pl.col("age_days") * 86_400_000_000)
    since = rows.select(pl.col("as_of") - age >= moment(begins)).to_series()
    if rows.filter(since)["label"].n_unique() < 2:
        return None
    task = Task(timeline, rows, GOAL, (), 0)
    spec, vectors = task.fitted(rows)
    found = logistic.path(task.training(vectors.matrix, spec).where(since.to_numpy()), logistic.PENALTIES)
    people, told = life.world.probe(day)
    newcomers = told.leads.select("lead_id", as_of=pl.col("created_at") + AGE).with_row_index("row")
    matrix = build(Timeline(told), newcomers.with_columns(pl.col("row").cast(pl.Int64)), spec).matrix
    return max(reached(one.log_odds(matrix), people) for one in found)
