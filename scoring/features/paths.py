"""Which pages, forms and campaigns a lead met, and in what order things happened."""

from __future__ import annotations

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
from scoring.features.spec import FeatureSpec, Step

ORDER = "Order of actions"
WINDOW_DAYS = max(WINDOWS_DAYS)


def declare(spec: FeatureSpec) -> Declared:
    """One feature and concept for each name that recurs, one feature for each order."""
    details = [_detail(place, step) for place, step in enumerate(spec.details)]
    pairs = [_pair(place, first, second) for place, (first, second) in enumerate(spec.pairs)]
    concepts = [_detail_concept(place, step) for place, step in enumerate(spec.details)]
    if spec.pairs:
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
        f"{said(first)}, then {_lower(said(second))}",
        Family.INTERACTION,
        ORDER,
        (first[0], second[0]),
        pl.col(pair_column(place)),
    )


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _order_concept(spec: FeatureSpec) -> Concept:
    """Name the most widespread order that the lead shows."""
    shown = [
        pl.when(pl.col(pair_column(place)) > 0).then(
            pl.lit(f"{said(first)}, then {_lower(said(second))}, in the last {WINDOW_DAYS} days")
        )
        for place, (first, second) in enumerate(spec.pairs)
    ]
    return Concept(ORDER, pl.coalesce([*shown, pl.lit("None of the usual orders of actions")]), Side.ENGAGEMENT)
