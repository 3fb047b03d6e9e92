"""When: age of the lead, days since the last action of each kind, time of creation."""

from __future__ import annotations

import polars as pl

from scoring.features.base import ANY
from scoring.features.behavioural import ACTIVITY, words
from scoring.features.declared import Concept, Declared, Family, Feature, Side, counted, last_column
from scoring.features.spec import FeatureSpec
from scoring.schema import Timing

AGE = "Age of the lead"
CREATION = "Time of creation"
SATURDAY = 6


def declare(spec: FeatureSpec) -> Declared:
    """No dates, no temporal features: ``ORDERED`` sources get none."""
    if spec.timing is Timing.ORDERED:
        return Declared()
    recency = [_recency(kind, words(kind)[0]) for kind in spec.kinds]
    if spec.kinds:
        recency.append(_recency(ANY, ACTIVITY))
    return Declared((*_age(), *recency), _concepts())


def _age() -> list[Feature]:
    created = pl.col("created_at")
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
        Feature(
            "created.hour", "Hour of creation (UTC)", Family.TEMPORAL, CREATION, ("created_at",), created.dt.hour()
        ),
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
    created = pl.format("Created on a {}", pl.col("created_at").dt.strftime("%A"))
    return (Concept(AGE, age, Side.TIME), Concept(CREATION, created, Side.TIME))
