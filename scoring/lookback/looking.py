"""Scores of the newest wins and losses as they would have been, and where the leads stood among all that were open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl

from scoring.learning import Task, Trial
from scoring.lookback.cases import newest
from scoring.lookback.models import Then, earlier, tried
from scoring.metrics import Floats
from scoring.population import existing, numbered, open_rows
from scoring.schema import UTC_TIME, History, Timing
from scoring.scoremap import ScoreMap

LOOKBACK = pl.Schema(
    {
        "lead_id": pl.Int64(),
        "won": pl.Boolean(),
        "outcome": pl.String(),
        "ended_at": UTC_TIME,
        "days_before": pl.Int64(),
        "score_tenths": pl.Int64(),
        "place": pl.Float64(),
    }
)
"""One row a lead and day at which it was there and open. ``outcome``: converted, horizon passed, or why it was closed.
``score_tenths``: the score × 10. ``place``: the share of the leads then open that it stood above (0 to 1). Both are
null where too little was known then to learn from."""

LATE_GROUPS, EARLY_GROUPS = 4, 3
"""Stretches of time, of as many looks each, in which leads are compared with all; each early one has its own model."""
COMPARED = 500
"""Open leads that stand for all."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What is looked back on: a training's task and trial, all that is known by ``as_of``, and what makes points."""

    task: Task
    trial: Trial
    history: History
    as_of: datetime
    score_map: ScoreMap


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found (LOOKBACK) and what is said of it (JSON-able, names nobody)."""

    rows: pl.DataFrame
    told: dict[str, Any]


def look_back(ground: Ground) -> Looked | None:
    """Look at the newest wins and losses 60, 30 and 7 days before their ends; None where outcomes have no dates.

    Each look is by a model that had learned from nothing that became known then or later, and reads nothing later.
    """
    goal = ground.task.goal
    if goal.timing is not Timing.DATED:
        return None
    cases = newest(ground.history, goal, ground.as_of)
    spots = cases.spots(ground.history)
    scores, places = np.full(spots.height, np.nan), np.full(spots.height, np.nan)
    refits = 0
    for chosen, at, then in _models(ground, spots):
        refits += then is not None and then.known_until == at
        if then is None:
            continue
        log_odds = then.log_odds(ground.task, numbered(spots[chosen]))
        compared = then.log_odds(ground.task, _open(ground, at))
        scores[chosen], places[chosen] = ground.score_map.tenths(log_odds), _above(compared, log_odds)
    found = spots.join(cases.ends, on="lead_id", how="left", maintain_order="left").with_columns(
        score_tenths=pl.Series(scores).fill_nan(None).cast(pl.Int64), place=pl.Series(places).fill_nan(None)
    )
    told = {
        "wins": int(cases.ends["won"].sum()),
        "losses": int((~cases.ends["won"]).sum()),
        "quick": cases.quick,
        "learned": ground.trial.split is not None,
        "earlier_models": refits,
    }
    return Looked(found.select(LOOKBACK.names()).cast(LOOKBACK), told)


def _models(ground: Ground, spots: pl.DataFrame) -> Iterator[tuple[np.ndarray, int, Then | None]]:
    """The places of looks that are near in time, the first of their instants (µs), and the model of that time."""
    times = spots["as_of"].to_physical().to_numpy()
    last = tried(ground.task, ground.trial)
    late = np.ones(len(times), dtype=bool)
    if last is not None and last.known_until is not None:
        late = times >= last.known_until
    for some in _groups(np.flatnonzero(~late), EARLY_GROUPS):
        yield some, int(times[some[0]]), earlier(ground.task, ground.trial, int(times[some[0]]))
    for some in _groups(np.flatnonzero(late), LATE_GROUPS):
        yield some, int(times[some[0]]), last


def _groups(places: np.ndarray, most: int) -> list[np.ndarray]:
    return [some for some in np.array_split(places, most) if some.size]


def _open(ground: Ground, at: int) -> pl.DataFrame:
    """A draw of the leads that were open at an instant, or all."""
    moment = pl.Series([at]).cast(UTC_TIME).item()
    rows = open_rows(ground.history, existing(ground.history, moment))
    if rows.height > COMPARED:
        rows = rows.sample(COMPARED, seed=ground.task.seed)
    return numbered(rows.sort("lead_id"))


def _above(compared: Floats, log_odds: Floats) -> Floats:
    """The share of ``compared`` that each stands above; equals count half."""
    ranked = np.sort(compared)
    if not ranked.size:
        return np.full(len(log_odds), np.nan)
    below, upto = (np.searchsorted(ranked, log_odds, side=side) for side in ("left", "right"))
    found: Floats = (below + upto) / 2 / ranked.size
    return found
