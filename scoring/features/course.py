"""The learned embedding as features: what a lead was busy with lately, and which way it went; the frame of steps."""

from __future__ import annotations

import polars as pl

from scoring.features import frame
from scoring.features.declared import Concept, Declared, Family, Feature, Side
from scoring.features.embedding import LATEST, mix_column, turn_column
from scoring.features.paths import ORDER, lower, said, step_said
from scoring.features.spec import FeatureSpec

MIX, TIMING = "Mix of steps", "Order and timing of steps"


def declare(spec: FeatureSpec) -> Declared:
    """Nothing where no embedding was learned; the concept of the order is declared with the pairs of steps."""
    if not spec.embedding.steps:
        return Declared()
    mixes = [_mix(place, spec) for place in range(len(spec.embedding.mixes))]
    turns = [_turn(place, spec) for place in range(len(spec.embedding.orders))]
    framed = [_framed(name, spec) for name in frame.names()] if spec.framed else []
    concepts = [_mix_concept(spec), *([_timing_concept(spec)] if spec.framed else [])]
    return Declared((*mixes, *turns, *framed), tuple(concepts))


def _mix(place: int, spec: FeatureSpec) -> Feature:
    high, low = (said(spec.embedding.steps[step]) for step in spec.embedding.mixes[place])
    label = f"Mix of steps {place + 1}: lately rather {lower(high)} than {lower(low)}"
    column = pl.col(mix_column(place))
    return Feature(f"mix.{place}", label, Family.INTERACTION, MIX, spec.kinds, column)


def _turn(place: int, spec: FeatureSpec) -> Feature:
    first, then = (said(spec.embedding.steps[step]) for step in spec.embedding.orders[place])
    label = f"{first} shortly before {lower(then)}, rather than after"
    column = pl.col(turn_column(place))
    return Feature(f"course.{place}", label, Family.INTERACTION, ORDER, spec.kinds, column)


def _mix_concept(spec: FeatureSpec) -> Concept:
    latest = pl.format("Last step: {}", step_said(LATEST[0], spec.embedding.steps))
    return Concept(MIX, pl.coalesce([latest, pl.lit("No steps in the last 90 days")]), Side.ENGAGEMENT)


def _framed(name: str, spec: FeatureSpec) -> Feature:
    _, what, place = name.split(".")
    step = "Newest step" if place == "1" else f"Step {place}, counted back from the newest"
    label = f"{step}: its number in the model's list" if what == "step" else f"{step}: class of the time after it"
    return Feature(name, label, Family.INTERACTION, TIMING, spec.kinds, pl.col(name), code=True)


def _timing_concept(spec: FeatureSpec) -> Concept:
    last, before = (step_said(name, spec.embedding.steps) for name in LATEST)
    both, one = pl.format("Lately {}, then {}", before, last), pl.format("Lately {}", last)
    return Concept(TIMING, pl.coalesce([both, one, pl.lit("No steps of late")]), Side.ENGAGEMENT)
