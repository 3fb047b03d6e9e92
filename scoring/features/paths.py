"""Which pages, forms and campaigns a lead met, and in what order things happened."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from scoring.features.behavioural import words
from scoring.features.declared import (
    WINDOWS_DAYS,
    Concept,
    Declared,
    Family,
    Feature,
    Side,
    counted,
    detail_column,
    pair_column,
)
from scoring.features.embedding import LATEST
from scoring.features.spec import FeatureSpec, Step

ORDER = "Order of actions"
WINDOW_DAYS = max(WINDOWS_DAYS)


def declare(spec: FeatureSpec) -> Declared:
    """One feature and concept for each name that recurs, one feature for each order."""
    details = [_detail(place, step) for place, step in enumerate(spec.details)]
    pairs = [_pair(place, first, second) for place, (first, second) in enumerate(spec.pairs)]
    concepts = [_detail_concept(place, step) for place, step in enumerate(spec.details)]
    if spec.pairs or spec.embedding.orders:
        concepts.append(_order_concept(spec))
    return Declared((*details, *pairs), tuple(concepts))


def said(step: Step) -> str:
    """Return a step in words: ``Page visits: /pricing``."""
    kind, detail = step
    name = words(kind)[0]
    return name if detail is None else f"{name}: {_plain(detail)}"


def _plain(text: str) -> str:
    return text.replace("{", "(").replace("}", ")")


def _detail(place: int, step: Step) -> Feature:
    label = f"{said(step)}, in the last {WINDOW_DAYS} days"
    kind, detail = step
    return Feature(
        f"detail.{kind}.{detail}",
        label,
        Family.INTERACTION,
        said(step),
        (kind,),
        pl.col(detail_column(place)),
    )


def _detail_concept(place: int, step: Step) -> Concept:
    _, one, many, noun = words(step[0])
    where = _plain(str(step[1]))
    times = pl.col(detail_column(place))
    there = counted(
        times,
        f"{one} ({where}) in the last {WINDOW_DAYS} days",
        f"{many} ({where}) in the last {WINDOW_DAYS} days",
    )
    none = pl.lit(f"No {noun} ({where}) in the last {WINDOW_DAYS} days")
    return Concept(said(step), pl.when(times > 0).then(there).otherwise(none), Side.ENGAGEMENT)


def _pair(place: int, first: Step, second: Step) -> Feature:
    names = ["=".join(part for part in step if part) for step in (first, second)]
    return Feature(
        f"order.{names[0]}.{names[1]}",
        f"{said(first)}, then {lower(said(second))}",
        Family.INTERACTION,
        ORDER,
        (first[0], second[0]),
        pl.col(pair_column(place)),
    )


def lower(text: str) -> str:
    """The text as it stands within a sentence."""
    return text[:1].lower() + text[1:]


def _order_concept(spec: FeatureSpec) -> Concept:
    """Name the most widespread order that the lead shows, else its newest steps."""
    shown = [
        pl.when(pl.col(pair_column(place)) > 0).then(
            pl.lit(f"{said(first)}, then {lower(said(second))}, in the last {WINDOW_DAYS} days")
        )
        for place, (first, second) in enumerate(spec.pairs)
    ]
    return Concept(ORDER, pl.coalesce([*shown, _newest(spec)]), Side.ENGAGEMENT)


def _newest(spec: FeatureSpec) -> pl.Expr:
    none = pl.lit("None of the usual orders of actions")
    if not spec.embedding.steps:
        return none
    last, before = (step_said(name, spec.embedding.steps) for name in LATEST)
    return pl.coalesce([pl.format("Lately {}, then {}", before, last), none])


def step_said(column: str, steps: Sequence[Step]) -> pl.Expr:
    """The step whose code a column of the base frame holds, in words; null: none."""
    texts = [said(step) for step in steps]
    return pl.col(column).replace_strict(range(len(texts)), texts, default=None, return_dtype=pl.String)
