"""All families together: what a spec declares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import polars as pl

from scoring.features import automatic, behavioural, course, demographic, derived, interaction, paths, seller, temporal
from scoring.features.declared import Feature, Side
from scoring.features.spec import FeatureSpec
from scoring.schema import Timing

FAMILIES = (demographic, behavioural, temporal, derived, interaction, paths, course, seller, automatic)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The declared features by name, and each concept's sentence and side."""

    features: Mapping[str, Feature]
    sentences: Mapping[str, pl.Expr]
    sides: Mapping[str, Side]


def reserved_concepts() -> set[str]:
    """Names of concepts that are not fields: a field of the same label gets another name."""
    kinds = tuple(behavioural.KIND_WORDS)
    whole = FeatureSpec(Timing.DATED, kinds=kinds, machine_kinds=kinds, companies=True, seller_kinds=kinds)
    return {*catalogue(whole).sentences, paths.ORDER, course.MIX, course.TIMING}


@lru_cache(maxsize=16)
def catalogue(spec: FeatureSpec) -> Catalogue:
    """What ``spec`` declares, in a fixed order."""
    parts = [family.declare(spec) for family in FAMILIES]
    features = {feature.name: feature for part in parts for feature in part.features}
    concepts = [concept for part in parts for concept in part.concepts]
    return Catalogue(
        features,
        {concept.name: concept.sentence for concept in concepts},
        {concept.name: concept.side for concept in concepts},
    )
