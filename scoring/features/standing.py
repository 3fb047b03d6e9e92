"""Where a lead's engagement stands among leads of its own source: 90 means livelier than nine in ten of them.

A webinar's guests click more than a bought list's, whatever they are worth; within a source the comparison is fair. The
distribution of each source is learned from the training rows and kept, so that a lead's vector needs no neighbours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from scoring.features.declared import Concept, Declared, Family, Feature, Side, value_column
from scoring.metrics import Floats

STANDING = "standing"
MIN_ROWS = 200
"""Fewer training rows of a source than these are compared with all leads."""
MOST_STEPS = 40


@dataclass(frozen=True, slots=True)
class Table:
    """Rising grades of engagement and the percentage of a source's rows that lie below each (ties count half)."""

    level: str | None
    grades: tuple[float, ...]
    percentiles: tuple[float, ...]

    def of(self, grades: Floats) -> Floats:
        """The percentile of each grade: that of the nearest known grade not above it."""
        places = np.searchsorted(np.asarray(self.grades), grades, side="right") - 1
        found: Floats = np.asarray(self.percentiles)[np.maximum(places, 0)]
        return found


@dataclass(frozen=True, slots=True)
class Standing:
    """The field that tells the source, its label, and a table for each frequent source; the first is for all."""

    field: str
    label: str
    tables: tuple[Table, ...]

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Standing:
        """The standing in a stored spec."""
        tables = tuple(
            Table(one["level"], tuple(map(float, one["grades"])), tuple(map(float, one["percentiles"])))
            for one in data["tables"]
        )
        return cls(data["field"], data["label"], tables)


def learn(base: pl.DataFrame, grade: pl.Expr, field: str, label: str, known: Sequence[str]) -> Standing:
    """From the training rows' base frame and the expression of their engagement grade, for the ``known`` sources."""
    frame = base.select(grade=grade.cast(pl.Float64), level=pl.col(value_column(field)))
    counts = frame["level"].drop_nulls().value_counts(name="rows").filter(pl.col("rows") >= MIN_ROWS)
    levels = sorted(set(counts["level"]) & set(known))
    parts = [(None, frame["grade"]), *((level, frame.filter(pl.col("level") == level)["grade"]) for level in levels)]
    return Standing(field, label, tuple(_table(level, grades.to_numpy()) for level, grades in parts))


def percentiles(base: pl.DataFrame, grade: pl.Expr, standing: Standing) -> pl.Series:
    """The base frame's column with every row's percentile among its source."""
    numbers = {table.level: place for place, table in enumerate(standing.tables) if place}
    known = pl.col(value_column(standing.field)).replace_strict(
        list(numbers), list(numbers.values()), default=0, return_dtype=pl.Int64
    )
    frame = base.select(grade=grade.cast(pl.Float64), level=known.fill_null(0) if numbers else pl.lit(0, pl.Int64))
    grades, levels = frame["grade"].to_numpy(), frame["level"].to_numpy()
    found = standing.tables[0].of(grades)
    for place, table in enumerate(standing.tables):
        here = levels == place
        if place and here.any():
            found = np.where(here, table.of(grades), found)
    return pl.Series(STANDING, found)


def declare(standing: Standing | None) -> Declared:
    """Declare the one feature, where a source is known."""
    if standing is None:
        return Declared()
    name = f"Engagement among the same {standing.label}"
    said = pl.format("More engaged than {} % of the leads of the same source", pl.col(STANDING).round(0).cast(pl.Int64))
    feature = Feature(
        "standing.source", f"{name} (percentile)", Family.DERIVED, name, (standing.field,), pl.col(STANDING)
    )
    return Declared((feature,), (Concept(name, said, Side.ENGAGEMENT),))


def _table(level: str | None, grades: Floats) -> Table:
    values, counts = np.unique(grades, return_counts=True)
    if len(values) > MOST_STEPS:
        cuts = np.unique(np.quantile(grades, np.linspace(0, 1, MOST_STEPS), method="lower"))
        counts = np.bincount(np.searchsorted(cuts, grades, side="right") - 1, minlength=len(cuts))
        values = cuts
    below = np.cumsum(counts) - counts / 2
    return Table(level, tuple(values.tolist()), tuple(np.round(100 * below / len(grades), 3).tolist()))
