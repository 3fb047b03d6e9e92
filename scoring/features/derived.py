"""What follows from several things: velocity, an engagement grade and its standing, the activity of colleagues."""

from __future__ import annotations

import polars as pl

from scoring.features.behavioural import ACTIVITY
from scoring.features.declared import ANY, Concept, Declared, Family, Feature, Side, count_column, counted
from scoring.features.spec import FeatureSpec
from scoring.features.standing import declare as declare_standing

COLLEAGUES = "Colleagues' activity"

KIND_POINTS = {
    "meeting": 8,
    "email_replied": 6,
    "form_submitted": 5,
    "campaign_response": 4,
    "order": 4,
    "email_clicked": 3,
    "download": 3,
    "call": 3,
    "page_view": 1,
    "email_opened": 1,
}
"""Effort that an action takes the lead: a fixed, documented grade, not learned."""


def engagement(spec: FeatureSpec) -> pl.Expr:
    """Whole-number points: an action of the last 7 days counts twice one of the last 30."""
    parts = [
        points * (pl.col(count_column(kind, 7)) + pl.col(count_column(kind, 30)))
        for kind, points in KIND_POINTS.items()
        if kind in spec.kinds
    ]
    return pl.sum_horizontal([pl.lit(0), *parts])


def declare(spec: FeatureSpec) -> Declared:
    """Velocity and grade where there are events; colleagues where companies are known."""
    standing = declare_standing(spec.standing)
    features = (*(_activity(spec) if spec.kinds else []), *standing.features)
    if not spec.companies:
        return Declared(features, standing.concepts)
    return Declared((*features, *_colleagues(spec)), (*standing.concepts, _concept(spec)))


def _activity(spec: FeatureSpec) -> list[Feature]:
    week, month = pl.col(count_column(ANY, 7)), pl.col(count_column(ANY, 30))
    velocity = (30 * week - 7 * month) * (1 / 210)
    return [
        Feature(
            "velocity",
            "Actions a day in the last 7 days less those in the last 30",
            Family.DERIVED,
            ACTIVITY,
            (ANY,),
            velocity,
        ),
        Feature("engagement", "Engagement grade", Family.DERIVED, ACTIVITY, (ANY,), engagement(spec)),
    ]


def _others(spec: FeatureSpec, days: int) -> pl.Expr:
    own = pl.col(count_column(ANY, days)) if spec.kinds else pl.lit(0)
    return pl.max_horizontal(pl.col(f"company:{days}") - own, 0)


def _colleagues(spec: FeatureSpec) -> list[Feature]:
    features = [
        Feature(
            "company.colleagues",
            "Other leads of the same company",
            Family.DERIVED,
            COLLEAGUES,
            ("company_key",),
            pl.col("colleagues"),
        )
    ]
    windows = (7, 30, 90) if spec.kinds else ()
    features += [
        Feature(
            f"company.events.{days}",
            f"Actions of colleagues in the last {days} days",
            Family.DERIVED,
            COLLEAGUES,
            ("company_key",),
            _others(spec, days),
        )
        for days in windows
    ]
    return features


def _concept(spec: FeatureSpec) -> Concept:
    known = counted(pl.col("colleagues"), "{} other lead of the same company", "{} other leads of the same company")
    if not spec.kinds:
        return Concept(COLLEAGUES, known, Side.ENGAGEMENT)
    acts = _others(spec, 90)
    active = counted(
        acts, "{} action of colleagues in the last 90 days", "{} actions of colleagues in the last 90 days"
    )
    return Concept(COLLEAGUES, pl.when(acts > 0).then(active).otherwise(known), Side.ENGAGEMENT)
