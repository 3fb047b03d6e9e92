"""Into which segments leads are parted, whether that is fit to build on, and what became of it in words."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from scoring.features import FeatureSpec, Matrix, catalogue
from scoring.features.spec import FieldSpec
from scoring.models.segment_search import Tried
from scoring.schema import FieldType
from scoring.splits import Mask
from scoring.timeline import Timeline
from scoring.words import in_percent

LEAST_CONVERSIONS = 100
"""Distinct converting leads of a segment before the test: with fewer the parent serves."""
MOST_MOVED = 0.2
"""Where more of the leads than these change their segment, it parts not leads but stages of their lives."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One value of the field, as its column is called; ``leads`` and ``conversions`` before the test."""

    column: str
    value: str
    leads: int
    conversions: int

    @property
    def thin(self) -> bool:
        """Whether there is too little for a model of its own."""
        return self.conversions < LEAST_CONVERSIONS


@dataclass(frozen=True, slots=True)
class Segmentation:
    """The field, the share of leads that changed their segment, and why it can't be built on (None: it can)."""

    field: str
    label: str
    moved: float | None = None
    refused: str | None = None
    segments: tuple[Segment, ...] = ()

    def columns(self) -> tuple[str, ...]:
        """Of the segments that may get models of their own."""
        return () if self.refused else tuple(one.column for one in self.segments if not one.thin)


def segmentation(
    timeline: Timeline, field: str, spec: FeatureSpec, rows: pl.DataFrame, matrix: Matrix, dev: Mask
) -> Segmentation:
    """Part the rows before the test by ``field``, if that is a choice of which each lead has one."""
    known = timeline.fields.get(field)
    if known is None:
        return Segmentation(field, field, refused=f"There is no field “{field}”.")
    used = next((one for one in spec.fields if one.name == field), None)
    if used is None:
        unused = f"“{known.label}” is held back from models or never filled in; it can't part them."
        return Segmentation(field, known.label, refused=unused)
    unfit = _unfit(used)
    if unfit is not None:
        return Segmentation(field, known.label, refused=unfit)
    before = rows.filter(pl.Series(dev))
    moved = _moved(before, timeline.values(before, [field])[field])
    if moved > MOST_MOVED:
        refused = (
            f"{in_percent(moved)} of the leads changed their “{known.label}” while they were watched: the segments "
            "overlap. A field that stays with a lead parts them."
        )
        return Segmentation(field, known.label, moved, refused)
    return Segmentation(field, known.label, moved, None, tuple(_segments(used, spec, before, matrix[dev])))


def _unfit(field: FieldSpec) -> str | None:
    if field.type is FieldType.MULTI:
        return f"A lead may have several values of “{field.label}”: the segments overlap."
    if field.type not in (FieldType.CATEGORY, FieldType.BOOLEAN):
        return f"“{field.label}” is no choice among a few values."
    return None


def _moved(rows: pl.DataFrame, values: pl.Series) -> float:
    """The share of leads that had more than one value; not known yet is none."""
    counts = rows.select("lead_id", value=values).drop_nulls().group_by("lead_id").agg(pl.col("value").n_unique())
    return float((counts["value"] > 1).mean() or 0.0) if counts.height else 0.0  # type: ignore[arg-type]


def _segments(field: FieldSpec, spec: FeatureSpec, rows: pl.DataFrame, matrix: Matrix) -> list[Segment]:
    """The values with a column of their own, the most conversions first."""
    declared, lead = catalogue(spec).features, rows["lead_id"].to_numpy()
    label, found = rows["label"].cast(pl.Boolean).to_numpy(), []
    whole = f"field.{field.name}"
    for place, column in enumerate(spec.columns):
        if column == whole or column.startswith(f"{whole}="):
            inside = matrix[:, place] == 1.0
            leads, won = (len(np.unique(lead[chosen])) for chosen in (inside, inside & label))
            found.append(Segment(column, declared[column].label, leads, won))
    return sorted(found, key=lambda one: (-one.conversions, one.column))


def told(found: Segmentation | None, tried: Sequence[Tried]) -> dict[str, Any] | None:
    """For the report, JSON-able; None where no segments were asked for."""
    if found is None:
        return None
    results = {one.column: one for one in tried}
    segments = [_told(one, results.get(one.column)) for one in found.segments]
    own = [one["value"] for one in segments if one["own_model"]]
    return {
        "field": found.field,
        "label": found.label,
        "moved": found.moved,
        "segments": segments,
        "sentence": found.refused or _sentence(found.label, own, segments),
    }


def _told(segment: Segment, tried: Tried | None) -> dict[str, Any]:
    return {
        "value": segment.value,
        "leads": segment.leads,
        "conversions": segment.conversions,
        "own_model": tried is not None and tried.taken,
        "auc_parent": tried.parent if tried else None,
        "auc_own": tried.own if tried else None,
        "share": round(tried.share, 4) if tried else 0.0,
        "why": _why(segment, tried),
    }


def _why(segment: Segment, tried: Tried | None) -> str:
    if segment.thin:
        return f"fewer than {LEAST_CONVERSIONS} conversions: the common model serves"
    if tried is None or tried.parent is None:
        return "too few conversions in one of the windows: the common model serves"
    if not tried.taken:
        return "a model of its own does not surely rank better: the common model serves"
    return "has a model of its own beside the common one"


def _sentence(label: str, own: Collection[str], segments: Sequence[Mapping[str, Any]]) -> str:
    if not segments:
        return f"No value of “{label}” is frequent enough for a model of its own."
    if not own:
        return f"One model serves all segments of “{label}”: none surely gains by a model of its own."
    return f"{len(own)} of {len(segments)} segments have models of their own beside the common one: {'; '.join(own)}."
