"""What sellers did: calls, mails, meetings, notes and tasks that they started.

Off unless the goal asks for it, and never a reason: sellers call whom they believe in, so it foretells well and
explains nothing that a rep could use. In a sum it stands as one concept, for the parts must add up.
"""

from __future__ import annotations

import polars as pl

from scoring.features.behavioural import words
from scoring.features.declared import (
    ANY,
    Concept,
    Declared,
    Family,
    Feature,
    Side,
    counted,
    last_column,
    seller_column,
)
from scoring.features.spec import FeatureSpec

SELLERS = "Your team's activity"
SELLER = "seller"
SELLER_DAYS = (7, 30, 90)


def declare(spec: FeatureSpec) -> Declared:
    """Nothing unless the spec was learned with sellers' events."""
    if not spec.seller_kinds:
        return Declared()
    counts = [
        Feature(
            f"seller.{kind}.{days}",
            f"Your team: {words(kind)[0].lower()} in the last {days} days",
            Family.SELLER,
            SELLERS,
            (kind,),
            pl.col(seller_column(kind, days)),
        )
        for kind in spec.seller_kinds
        for days in SELLER_DAYS
    ]
    last = Feature(
        "seller.recency",
        "Days since your team last did anything",
        Family.SELLER,
        SELLERS,
        (ANY,),
        pl.col(last_column(SELLER)),
    )
    return Declared((*counts, last), (_concept(spec),))


def _concept(spec: FeatureSpec) -> Concept:
    month = pl.sum_horizontal([pl.col(seller_column(kind, 30)) for kind in spec.seller_kinds])
    said = counted(month, "{} action of your team in the last 30 days", "{} actions of your team in the last 30 days")
    return Concept(SELLERS, said, Side.SELLER)
