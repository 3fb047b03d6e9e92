"""One function from (history, rows, spec) to vectors: training, batches and single leads use it alike."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import polars as pl

from scoring.features.base import base_frame
from scoring.features.catalogue import catalogue
from scoring.features.spec import FeatureSpec
from scoring.timeline import Timeline

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Vectors:
    """``matrix``: n × k, NaN where unknown, columns as named; ``base``: the frame it was computed from."""

    base: pl.DataFrame
    matrix: Matrix
    columns: tuple[str, ...]


def build(timeline: Timeline, rows: pl.DataFrame, spec: FeatureSpec) -> Vectors:
    """Vectors of ``rows`` in their order."""
    return vectors_of(base_frame(timeline, rows, spec), spec)


def vectors_of(base: pl.DataFrame, spec: FeatureSpec, *, every: bool = False) -> Vectors:
    """Vectors from a base frame: the spec's columns, or ``every`` declared one."""
    columns = tuple(catalogue(spec).features) if every else spec.columns
    frame = base.select(_expressions(spec, columns))
    # Row by row at once: written column by column first, it would be copied whole.
    matrix = np.ascontiguousarray(frame.to_numpy(order="c"), dtype=np.float64)
    return Vectors(base, matrix.reshape(base.height, len(columns)), columns)


@lru_cache(maxsize=32)
def _expressions(spec: FeatureSpec, columns: tuple[str, ...]) -> list[pl.Expr]:
    features = catalogue(spec).features
    return [features[name].expression.cast(pl.Float64).alias(name) for name in columns]
