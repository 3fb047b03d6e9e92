"""Arrivals: each lead as it stood an hour after it came, as numbers that are watched.

At a fixed age neither the stock nor its ageing plays a part: what differs between two stretches of arrivals differs
because other people came, or because something else is told of them. An hour is enough for forms, enrichment and
a first visit, and leaves a daily watch two whole days of arrivals within three days of a change.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from scoring.bundle import Bundle
from scoring.dataset import serving_rows
from scoring.evaluation import resampled_together
from scoring.features import Vectors, build
from scoring.features.declared import value_column
from scoring.metrics import Floats
from scoring.population import numbered, open_rows
from scoring.predict import as_trained
from scoring.schema import UTC_TIME, Goal, History, Timing
from scoring.tiers import HIGH
from scoring.timeline import Timeline

AGE = timedelta(hours=1)
MOST = 40_000
"""So many arrivals are enough for any reference; of more, a random share is taken."""
CALENDAR = frozenset({"age.days", "created.weekend"})
"""Columns that tell the age, which is fixed here, or the day of the week, which two days can't have in proportion."""
SHAPE, MISSING, SCORE, HIGH_INTENT = "shape:", "missing:", "score", "high"

Instants = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What is watched of each arrival.

    ``at``: µs since 1970 of its creation; ``values``: one column a name, NaN where unknown. Names: ``shape:`` and a
    column of the model, ``missing:`` and a field or column (1 where it is unknown, else 0), ``score`` (tenths) and
    ``high`` (1: High-Intent). ``chance``: its calibrated chance. ``company``: the number of its company; who
    has none is alone.
    """

    at: Instants
    names: tuple[str, ...]
    values: Floats
    chance: Floats
    company: Instants


def arrivals(
    bundle: Bundle, history: History, *, since: datetime, now: datetime, among: Collection[int] | None = None
) -> Arrivals:
    """Leads of ``history`` that came from ``since`` on and were an hour old at ``now``, in the order they came.

    ``among``: of these alone; of others the history may tell too little. Where outcomes have no date a lead is seen as
    at intake. Sources that know only an order have no arrivals.
    """
    rows = _rows(history, bundle.goal, since, now, among)
    found = build(Timeline(as_trained(bundle, history)), rows.drop("created_at"), bundle.spec)
    log_odds = bundle.log_odds(found.matrix)
    tenths = bundle.score_map.tenths(log_odds)
    high = np.array([name == HIGH for name in bundle.tiers.names(tenths)], dtype=np.float64)
    columns = {SHAPE + name: found.matrix[:, place] for place, name in enumerate(found.columns) if name not in CALENDAR}
    columns |= _missing(bundle, found)
    columns |= {SCORE: tenths.astype(np.float64), HIGH_INTENT: high}
    values = np.column_stack(list(columns.values()))
    at, company = rows["created_at"].to_physical().to_numpy(), _company(history, rows)
    return Arrivals(at, tuple(columns), values, _chance(log_odds), company)


def _company(history: History, rows: pl.DataFrame) -> Instants:
    keys = history.leads.unique("lead_id", keep="first").select("lead_id", "company_key")
    named = rows.select("lead_id").join(keys, on="lead_id", how="left", maintain_order="left")
    found: Instants = resampled_together(named)
    return found


def _chance(log_odds: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-log_odds)), dtype=np.float64)


def _rows(history: History, goal: Goal, since: datetime, now: datetime, among: Collection[int] | None) -> pl.DataFrame:
    """Rows with ``created_at``; who had left the population within an hour is not among them."""
    leads = history.leads.unique("lead_id", keep="first").drop_nulls("created_at")
    leads = leads.filter(pl.col("created_at") >= since, pl.col("created_at") <= now - AGE).sort("created_at", "lead_id")
    if among is not None:
        leads = leads.filter(pl.col("lead_id").is_in(list(among)))
    if leads.height > MOST:
        drawn = np.random.default_rng(0).choice(leads.height, MOST, replace=False)
        leads = leads[np.sort(drawn)]
    rows = numbered(leads.select("lead_id", (pl.col("created_at") + AGE).cast(UTC_TIME).alias("as_of"), "created_at"))
    if goal.timing is Timing.DATED:
        return numbered(open_rows(history, rows))
    # Undated outcomes say nothing about who was open then.
    seen = serving_rows(history, rows.drop("created_at"), goal.timing)
    return seen.hstack([rows["created_at"]])


def _missing(bundle: Bundle, found: Vectors) -> dict[str, Floats]:
    """Whether each field that the model reads is filled in, and each column that no such field explains."""
    used = [field.name for field in bundle.spec.fields]
    told = {MISSING + name: found.base[value_column(name)].is_null().to_numpy().astype(np.float64) for name in used}
    for place, column in enumerate(found.columns):
        if not column.startswith(("field.", "title.")) and np.isnan(found.matrix[:, place]).any():
            told[MISSING + column] = np.isnan(found.matrix[:, place]).astype(np.float64)
    return told
