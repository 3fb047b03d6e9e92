"""Fit together with activity, and kinds of action that came together."""

from __future__ import annotations

from itertools import combinations

import polars as pl

from scoring.features.behavioural import words
from scoring.features.declared import (
    ANY,
    Concept,
    Declared,
    Family,
    Feature,
    Side,
    count_column,
    counted,
    title_column,
)
from scoring.features.derived import KIND_POINTS, engagement
from scoring.features.spec import FeatureSpec
from scoring.features.titles import SENIOR, holds

TOGETHER = "Fit and activity together"
PAIRED_KINDS = 4


def declare(spec: FeatureSpec) -> Declared:
    """Nothing where the source has no events."""
    if not spec.kinds:
        return Declared()
    features = [_fit("business", "Engagement grade of a business address", ("email_kind",), _is_business(), spec)]
    features += [
        _fit(
            f"senior.{field.name}",
            f"Engagement grade of a senior {field.label}",
            (field.name,),
            _senior(field.name),
            spec,
        )
        for field in spec.fields
        if field.is_title
    ]
    return Declared((*features, *_pairs(spec)), (_concept(),))


def _is_business() -> pl.Expr:
    return pl.col("email_kind").eq("business").fill_null(False).cast(pl.Int64)


def _senior(field: str) -> pl.Expr:
    return holds(pl.col(title_column(field)), *SENIOR).cast(pl.Int64)


def _fit(name: str, label: str, inputs: tuple[str, ...], fit: pl.Expr, spec: FeatureSpec) -> Feature:
    return Feature(f"fit.{name}", label, Family.INTERACTION, TOGETHER, (*inputs, ANY), fit * engagement(spec))


def _pairs(spec: FeatureSpec) -> list[Feature]:
    strongest = [kind for kind in KIND_POINTS if kind in spec.kinds][:PAIRED_KINDS]
    return [
        Feature(
            f"pair.{one}.{other}",
            f"{words(one)[0]} together with {words(other)[0].lower()} in the last 30 days",
            Family.INTERACTION,
            TOGETHER,
            (one, other),
            pl.min_horizontal(pl.col(count_column(one, 30)), pl.col(count_column(other, 30))),
        )
        for one, other in combinations(strongest, 2)
    ]


def _concept() -> Concept:
    kinds = counted(
        pl.col("kinds:30"), "{} kind of action in the last 30 days", "{} kinds of action in the last 30 days"
    )
    fit = pl.when(_is_business() == 1).then(pl.lit("business address")).otherwise(pl.lit("no business address"))
    return Concept(TOGETHER, pl.format("{}, {}", kinds, fit), Side.ENGAGEMENT)
