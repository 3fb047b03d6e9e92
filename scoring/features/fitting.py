"""Learning a feature spec from training rows: field types, frequent levels, kinds, columns that vary."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import polars as pl

from scoring.features import steps
from scoring.features.base import base_frame
from scoring.features.catalogue import reserved_concepts
from scoring.features.declared import value_column
from scoring.features.derived import engagement
from scoring.features.matrix import Matrix, Vectors, vectors_of
from scoring.features.reading import number, text
from scoring.features.seller import SELLER
from scoring.features.spec import FeatureSpec, FieldSpec
from scoring.features.standing import learn as learn_standing
from scoring.features.standing import percentiles
from scoring.features.titles import looks_like_titles
from scoring.features.wording import learn as learn_words
from scoring.features.zones import holds_zones
from scoring.schema import Field, FieldType, Knowledge, Timing
from scoring.timeline import Timeline

LEAD_MADE = ("lead", "machine")
MAX_LEVELS = 30
MIN_LEVEL_ROWS = 10
MIN_LEVEL_SHARE = 0.002
MIN_LEVEL_LEADS = 5
"""A value that fewer people have may name one of them: it is in no model, however many rows it has."""
FEW_VALUES = 50
NUMERIC_SHARE = 0.95


def fit(
    timeline: Timeline,
    rows: pl.DataFrame,
    timing: Timing,
    excluded: Collection[str] = (),
    *,
    seller_activity: bool = False,
) -> tuple[FeatureSpec, Vectors]:
    """The spec for ``rows`` and their vectors, without ``excluded``, system, own and blocked fields.

    ``seller_activity`` adds what sellers did.
    """
    usable = [
        field
        for field in timeline.fields.values()
        if not (field.system or field.own or field.blocked or field.name in excluded)
    ]
    plain = FeatureSpec(timing, fields=_fields(timeline, rows, usable))
    spec = _activity(timeline, rows, plain, (*LEAD_MADE, SELLER) if seller_activity else LEAD_MADE)
    base = base_frame(timeline, rows, spec)
    spec, base = _standing(spec, base, usable)
    vectors = vectors_of(base, spec, every=True)
    varying = _varying(vectors.matrix)
    columns = tuple(name for name, varies in zip(vectors.columns, varying, strict=True) if varies)
    spec = replace(spec, columns=columns)
    return spec, Vectors(vectors.base, np.ascontiguousarray(vectors.matrix[:, varying]), columns)


def _varying(matrix: Matrix) -> npt.NDArray[np.bool_]:
    if not matrix.size:
        return np.zeros(matrix.shape[1], dtype=bool)
    known = ~np.isnan(matrix)
    low = np.where(known, matrix, np.inf).min(axis=0)
    high = np.where(known, matrix, -np.inf).max(axis=0)
    some_missing = known.any(axis=0) & ~known.all(axis=0)
    varies: np.ndarray = (high > low) | some_missing
    return varies


def _standing(spec: FeatureSpec, base: pl.DataFrame, usable: Sequence[Field]) -> tuple[FeatureSpec, pl.DataFrame]:
    """Add the standing among leads of the same source, where a field tells it and there is activity to compare."""
    told = {field.name for field in usable if field.source}
    known = [field for field in spec.fields if field.name in told and field.type is FieldType.CATEGORY]
    if not known or not spec.kinds:
        return spec, base
    # Several CRMs may each tell a source: the one that is known of most leads.
    best = min(known, key=lambda field: (base[value_column(field.name)].null_count(), field.name))
    grade = engagement(spec)
    standing = learn_standing(base, grade, best.name, best.label, best.levels)
    return replace(spec, standing=standing), base.with_columns(percentiles(base, grade, standing))


def _activity(timeline: Timeline, rows: pl.DataFrame, spec: FeatureSpec, actors: Sequence[str]) -> FeatureSpec:
    seen = timeline.events(rows, actors).select("kind", "actor").unique()
    companies = timeline.leads(rows)["company_key"].drop_nulls()
    active = replace(
        spec,
        kinds=tuple(sorted(seen.filter(pl.col("actor") == "lead")["kind"])),
        machine_kinds=tuple(sorted(seen.filter(pl.col("actor") == "machine")["kind"])),
        seller_kinds=tuple(sorted(seen.filter(pl.col("actor") == SELLER)["kind"])),
        companies=bool(len(companies)),
        zone=_zone(timeline, rows, spec),
    )
    return steps.learn(timeline, rows, active)


def _zone(timeline: Timeline, rows: pl.DataFrame, spec: FeatureSpec) -> str | None:
    """Name the field that holds time zones; of several the one that is filled most."""
    names = [field.name for field in spec.fields if field.type in (FieldType.CATEGORY, FieldType.TEXT)]
    if not names:
        return None
    values = timeline.values(rows, names)
    zones = [name for name in names if holds_zones(values[name])]
    return min(zones, key=lambda name: (values[name].null_count(), name), default=None)


def _fields(timeline: Timeline, rows: pl.DataFrame, usable: Sequence[Field]) -> tuple[FieldSpec, ...]:
    if not usable:
        return ()
    ordered = sorted(usable, key=lambda field: field.name)
    names = [field.name for field in ordered]
    values = timeline.values(rows, names).select(text(pl.col(name)) for name in names)
    labels = reserved_concepts()
    specs = []
    for field in ordered:
        column = values[field.name]
        label = field.label if field.label not in labels else f"{field.label} ({field.name})"
        labels.add(label)
        if column.null_count() < column.len():
            specs.append(_field(field, label, column, rows["lead_id"]))
    return tuple(specs)


def _field(field: Field, label: str, column: pl.Series, lead_ids: pl.Series) -> FieldSpec:
    if field.words:
        return FieldSpec(field.name, label, FieldType.TEXT, words=learn_words(column, lead_ids))
    kind = _effective_type(field.type, column)
    levels: tuple[str, ...] = ()
    if kind is FieldType.CATEGORY:
        levels = _levels(pl.DataFrame({"value": column, "lead_id": lead_ids}))
    elif kind is FieldType.MULTI:
        chosen = pl.DataFrame({"value": column.str.split(";"), "lead_id": lead_ids})
        levels = _levels(chosen.explode("value"))
    wordy = field.type in (FieldType.TEXT, FieldType.CATEGORY)
    titles = wordy and looks_like_titles(column)
    # A date of reading is no date of a change: no time in a stage is counted from it.
    dated = field.knowledge is Knowledge.DATED and not field.observed
    return FieldSpec(field.name, label, kind, levels, titles, field.options, dated, field.observed)


def _effective_type(declared: FieldType, column: pl.Series) -> FieldType:
    """CRMs hold numbers and choices in text fields: believe the values."""
    if declared is not FieldType.TEXT:
        return declared
    filled = column.drop_nulls()
    if filled.to_frame("x").select(number(pl.col("x")).is_not_null().mean()).item() >= NUMERIC_SHARE:
        return FieldType.NUMBER
    few = filled.n_unique() <= min(FEW_VALUES, filled.len() // 10)
    return FieldType.CATEGORY if few else FieldType.TEXT


def _levels(values: pl.DataFrame) -> tuple[str, ...]:
    """The frequent ones of ``value``, each row a row's value beside its ``lead_id``, the most frequent first."""
    least = max(MIN_LEVEL_ROWS, MIN_LEVEL_SHARE * values.height)
    counts = values.drop_nulls("value").group_by("value").agg(rows=pl.len(), leads=pl.col("lead_id").n_unique())
    known = counts.filter(pl.col("rows") >= least, pl.col("leads") >= MIN_LEVEL_LEADS)
    return tuple(known.sort(["rows", "value"], descending=[True, False])["value"].head(MAX_LEVELS))
