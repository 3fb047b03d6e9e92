"""What if a lead had other values, or had done more? Scored by the same row maker as every other row.

The changed history goes through the one function that builds vectors, so that all that depends on a field or an event
follows. The answer is the model's: it says how leads *like that* fared, not what a change would bring about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import polars as pl

from scoring.bundle import Bundle
from scoring.changes import Changed, Recording, changed, shown
from scoring.errors import HistoryError
from scoring.features import catalogue
from scoring.predict import as_trained, score_recorded
from scoring.schema import EVENTS, VALUES, FieldType, History, Timing

CAVEAT = (
    "This is what the model says of leads like that, not a promise: such leads differed in other ways too, "
    "and bringing the change about need not bring about its effect."
)


@dataclass(frozen=True, slots=True)
class Act:
    """An event that the lead might have made, ``days_ago`` (0: just now)."""

    kind: str
    detail: str | None = None
    days_ago: float = 0.0


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Both scores as rows of ``predict.SCORES``, what lies between them, and what to doubt.

    ``outside``: in words, what of the change the model has hardly or never seen; ``unused``: what it does not read.
    """

    before: pl.DataFrame
    after: pl.DataFrame
    changed: Changed
    outside: tuple[str, ...]
    unused: tuple[str, ...]
    caveat: str = CAVEAT


def what_if(
    bundle: Bundle,
    history: History,
    lead_id: int,
    *,
    as_of: datetime,
    fields: Mapping[str, str | None] | None = None,
    events: Sequence[Act] = (),
) -> WhatIf:
    """Score ``lead_id`` as it is and as it would be with other ``fields`` (None: cleared) and further ``events``.

    Raises:
        HistoryError: the lead is not among those that are scored, a field is not known or may not be used, an event is
            not in the past or can't be seen by a model that is valid at intake.

    """
    given = fields or {}
    history = as_trained(bundle, history)
    _check(bundle, history, given, events)
    other = _with_events(_with_fields(history, lead_id, given), lead_id, events, as_of)
    sides = [score_recorded(bundle, world, as_of=as_of, former={}, lead_ids=[lead_id]) for world in (history, other)]
    if not sides[0].scores.height:
        raise HistoryError("This lead is not scored: it does not exist yet, has converted, or is excluded.")
    before, after = (Recording(bundle, side.inputs) for side in sides)
    outside = (*_unseen_levels(bundle, given), *_unseen_kinds(bundle, events), *_outside(bundle, before, after))
    return WhatIf(sides[0].scores, sides[1].scores, changed(before, after), outside, _unused(bundle, given))


def _check(bundle: Bundle, history: History, fields: Mapping[str, str | None], events: Sequence[Act]) -> None:
    known = {field.name: field for field in history.fields}
    for name in fields:
        field = known.get(name)
        if field is None:
            raise HistoryError(f"There is no field '{name}'.")
        if field.system or field.own or field.blocked:
            raise HistoryError(f"'{field.label}' is kept from every model: it can change no score.")
    if events and bundle.goal.timing is not Timing.DATED:
        raise HistoryError("This model is valid at intake: it reads no events.")
    if any(act.days_ago < 0 for act in events):
        raise HistoryError("An event lies in the future: give the days since it.")


def _with_fields(history: History, lead_id: int, fields: Mapping[str, str | None]) -> History:
    """The values take the place of all that the lead had, as if known from the start: any row sees them."""
    mine = (pl.col("lead_id") == lead_id) & pl.col("field").is_in(list(fields))
    columns = {"lead_id": [lead_id] * len(fields), "field": list(fields), "value": list(fields.values())}
    fresh = pl.DataFrame(columns | {"known_at": [None] * len(fields)}, schema=VALUES)
    return replace(history, values=pl.concat([history.values.filter(~mine), fresh]))


def _with_events(history: History, lead_id: int, events: Sequence[Act], as_of: datetime) -> History:
    # Strictly before as_of: nothing else is visible.
    latest = as_of - timedelta(microseconds=1)
    fresh = pl.DataFrame(
        {
            "lead_id": [lead_id] * len(events),
            "at": [latest - timedelta(days=act.days_ago) for act in events],
            "kind": [act.kind for act in events],
            "actor": ["lead"] * len(events),
            "detail": [act.detail for act in events],
        },
        schema=EVENTS,
    )
    return replace(history, events=pl.concat([history.events, fresh], how="diagonal"))


def _unused(bundle: Bundle, fields: Mapping[str, str | None]) -> tuple[str, ...]:
    """Fields that play no part in any column of the model."""
    declared = catalogue(bundle.spec).features
    read = {name for column in bundle.spec.columns for name in declared[column].inputs}
    return tuple(f"The model does not read '{name}'." for name in fields if name not in read)


def _unseen_levels(bundle: Bundle, fields: Mapping[str, str | None]) -> tuple[str, ...]:
    told = []
    for field in bundle.spec.fields:
        value = fields.get(field.name)
        if value is None or field.type not in (FieldType.CATEGORY, FieldType.MULTI):
            continue
        parts = value.split(";") if field.type is FieldType.MULTI else [value]
        told += [
            f"{field.label}: “{part}” was too rare in training to be known by itself."
            for part in parts
            if part.strip() not in field.levels
        ]
    return tuple(told)


def _unseen_kinds(bundle: Bundle, events: Sequence[Act]) -> tuple[str, ...]:
    kinds = sorted({act.kind for act in events} - set(bundle.spec.kinds))
    return tuple(f"No lead did “{kind}” in training: it counts as activity of some kind alone." for kind in kinds)


def _outside(bundle: Bundle, before: Recording, after: Recording) -> tuple[str, ...]:
    """Inputs that moved to where no training lead was."""
    if bundle.seen is None:
        return ()
    declared = catalogue(bundle.spec).features
    told = []
    for name, column in zip(bundle.spec.columns, bundle.seen.columns, strict=True):
        old, new = float(before.inputs[name][0]), float(after.inputs[name][0])
        if new == old or column.low is None or column.high is None or not (new < column.low or new > column.high):
            continue
        seen = f"{shown(column.low)} to {shown(column.high)}"
        told.append(f"{declared[name].label}: {shown(new)} lies outside what was seen in training ({seen}).")
    return tuple(told)
