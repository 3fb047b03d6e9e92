"""When: age of the lead, days since the last action of each kind, hours and weekdays in the lead's own time zone."""

from __future__ import annotations

import polars as pl

from scoring.features.behavioural import ACTIVITY, words
from scoring.features.declared import (
    ANY,
    LONGEST_DAYS,
    Concept,
    Declared,
    Family,
    Feature,
    Side,
    count_column,
    counted,
    last_column,
)
from scoring.features.spec import FeatureSpec
from scoring.schema import Timing

AGE = "Age of the lead"
CREATION = "Time of creation"
HOURS = "Time of their activity"
SATURDAY = 6


def declare(spec: FeatureSpec) -> Declared:
    """No dates, no temporal features: ``ORDERED`` sources get none."""
    if spec.timing is Timing.ORDERED:
        return Declared()
    recency = [_recency(kind, words(kind)[0]) for kind in spec.kinds]
    if not spec.kinds:
        return Declared((*_age(), *recency), _concepts())
    recency.append(_recency(ANY, ACTIVITY))
    return Declared((*_age(), *recency, *_hours()), (*_concepts(), _hours_concept()))


def _age() -> list[Feature]:
    created = pl.col("created_local")
    return [
        Feature("age.days", "Days since creation", Family.TEMPORAL, AGE, ("created_at",), pl.col("age_days")),
        Feature(
            "created.weekend",
            "Created on a weekend",
            Family.TEMPORAL,
            CREATION,
            ("created_at",),
            created.dt.weekday() >= SATURDAY,
            flag=True,
        ),
        Feature("created.hour", "Hour of creation", Family.TEMPORAL, CREATION, ("created_at",), created.dt.hour()),
    ]


def _recency(kind: str, concept: str) -> Feature:
    label = f"Days since the last of: {concept.lower()}"
    return Feature(f"recency.{kind}", label, Family.TEMPORAL, concept, (kind,), pl.col(last_column(kind)))


def _concepts() -> tuple[Concept, ...]:
    days = pl.col("age_days").floor().cast(pl.Int64)
    age = (
        pl.when(days < 1)
        .then(pl.lit("Created today"))
        .otherwise(counted(days, "Created {} day ago", "Created {} days ago"))
    )
    created = pl.format("Created on a {}", pl.col("created_local").dt.strftime("%A"))
    return (Concept(AGE, age, Side.TIME), Concept(CREATION, created, Side.TIME))


def _hours() -> list[Feature]:
    acts = pl.col(count_column(ANY, LONGEST_DAYS))
    table = (
        ("hours.office", "Share of actions in office hours, in the last 90 days", "hours:office"),
        ("hours.weekend", "Share of actions on weekends, in the last 90 days", "hours:weekend"),
    )
    return [
        Feature(name, label, Family.TEMPORAL, HOURS, (ANY,), pl.when(acts > 0).then(pl.col(column) / acts))
        for name, label, column in table
    ]


def _hours_concept() -> Concept:
    acts = pl.col(count_column(ANY, LONGEST_DAYS))
    said = pl.format("{} of {} actions in office hours in the last 90 days", pl.col("hours:office"), acts)
    return Concept(HOURS, pl.when(acts > 0).then(said).otherwise(pl.lit("No activity for 90 days")), Side.ENGAGEMENT)
