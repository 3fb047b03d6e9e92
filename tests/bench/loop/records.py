"""People as the frames that ``scoring`` takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from scoring.metrics import Floats
from scoring.monitoring.strata import DAY_US, Counts
from scoring.schema import (
    CONVERSIONS,
    EVENTS,
    EXCLUSIONS,
    LEADS,
    UTC_TIME,
    VALUES,
    Complexity,
    Field,
    FieldType,
    Goal,
    History,
    Knowledge,
    Timing,
)
from tests.bench.drift.world import BEGIN_US
from tests.bench.loop.people import COUNTRIES, HORIZON_DAYS, INDUSTRIES, PRODUCTS, ROLES, SOURCES, People
from tests.bench.loop.plan import Plan

GOAL = Goal("Won", Timing.DATED, horizon_days=HORIZON_DAYS, high_intent_share=0.15, complexity=Complexity.INTERPRETABLE)
_TYPES = {
    "industry": FieldType.CATEGORY,
    "size": FieldType.NUMBER,
    "role": FieldType.CATEGORY,
    "source": FieldType.CATEGORY,
    "country": FieldType.CATEGORY,
    "product": FieldType.CATEGORY,
    "budget": FieldType.BOOLEAN,
    "other": FieldType.NUMBER,
}
FIELDS = tuple(Field(name, name, kind, Knowledge.INTAKE, source=name == "source") for name, kind in _TYPES.items())
_LATER_DAYS = 20
_PAGES = ("/", "/pricing", "/docs", "/blog")


@dataclass(frozen=True, slots=True)
class Outcomes:
    """When people were won and lost, µs since 1970; -1: not that is known."""

    won: Counts
    lost: Counts


@dataclass(frozen=True, slots=True)
class Records:
    """All that is ever told of the people but what becomes of them. The lead of place ``n`` has the id ``n + 1``."""

    leads: pl.DataFrame
    values: pl.DataFrame
    events: pl.DataFrame

    def until(self, count: int, outcomes: Outcomes) -> History:
        """Of the first ``count`` people."""
        told = [frame.filter(pl.col("lead_id") <= count) for frame in (self.leads, self.values, self.events)]
        won, lost = (np.flatnonzero(times[:count] >= 0) for times in (outcomes.won, outcomes.lost))
        conversions = pl.DataFrame({"lead_id": won + 1, "at": _times(outcomes.won[won])}, schema=CONVERSIONS)
        ends = {"lead_id": lost + 1, "starts_at": _times(outcomes.lost[lost]), "ends_at": [None] * len(lost)}
        exclusions = pl.DataFrame(ends | {"reason": ["disqualified"] * len(lost)}, schema=EXCLUSIONS)
        return History(*told, conversions, exclusions, FIELDS)


def records(rng: np.random.Generator, people: People, plan: Plan) -> Records:
    """Fields that are filled in at creation, and visits."""
    ids = np.arange(1, len(people.at) + 1)
    leads = {
        "lead_id": ids,
        "created_at": _times(people.at),
        "intake_order": [None] * len(ids),
        "company_key": [f"c{number}" for number in people.company],
        "email_kind": ["business"] * len(ids),
    }
    return Records(pl.DataFrame(leads, schema=LEADS), _values(ids, people), _events(rng, ids, people, plan))


def _values(ids: Counts, people: People) -> pl.DataFrame:
    employees = [None if np.isnan(size) else f"{np.exp(4 + 1.2 * size):.0f}" for size in people.size]
    told = {
        "industry": _named(people.industry, INDUSTRIES),
        "size": employees,
        "role": _named(people.role, ROLES),
        "source": _named(people.source, SOURCES),
        "country": _named(people.country, COUNTRIES),
        "product": _named(people.product, PRODUCTS),
        "budget": _named(people.budget, ("false", "true")),
        "other": [f"{value:.3f}" for value in people.other],
    }
    table = pl.DataFrame({"lead_id": ids, **told}).unpivot(index="lead_id", variable_name="field").drop_nulls("value")
    return table.with_columns(known_at=pl.lit(None, UTC_TIME)).select(VALUES.names()).cast(VALUES)


def _named(places: Counts, names: Sequence[str]) -> list[str | None]:
    return [None if place < 0 else names[place] for place in places]


def _events(rng: np.random.Generator, ids: Counts, people: People, plan: Plan) -> pl.DataFrame:
    """Visits within an hour, and opened e-mails, which tell nothing."""
    views = _some(rng, ids, people.at, people.visits, 50 / 60 / 24)
    begins, ends = (BEGIN_US + day * DAY_US for day in (plan.broken, plan.mended))
    views = views.filter((pl.col("at") < begins) | (pl.col("at") >= ends))
    mails = _some(rng, ids, people.at, rng.poisson(0.5, len(ids)), _LATER_DAYS)
    pages = pl.Series("detail", rng.choice(_PAGES, views.height))
    both = [
        views.with_columns(pl.lit("page_view").alias("kind"), pl.lit("lead").alias("actor"), pages),
        mails.with_columns(pl.lit("email_opened").alias("kind"), pl.lit("lead").alias("actor"), detail=pl.lit("news")),
    ]
    return pl.concat([one.select(EVENTS.names()) for one in both]).cast(EVENTS)


def _some(rng: np.random.Generator, ids: Counts, at: Counts, times: Counts, days: float) -> pl.DataFrame:
    """So many events of each within so many days."""
    spread = rng.random(int(times.sum())) * days * DAY_US + 1
    return pl.DataFrame({"lead_id": np.repeat(ids, times), "at": np.repeat(at, times) + spread.astype(np.int64)})


def _times(micros: Counts | Floats) -> pl.Series:
    return pl.Series(micros.astype(np.int64)).cast(UTC_TIME)
