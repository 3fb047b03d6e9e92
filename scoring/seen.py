"""What the training rows looked like, column by column: the cases behind a reason, and the ranges of what was seen.

A column's values are cut into at most six ranges (each value by itself where there are few, else fifths) and "unknown";
of each the bundle keeps how many different leads were in it and how often their rows were followed by a conversion.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from scoring.metrics import Floats

FEW_VALUES = 6
FIFTHS = (0.2, 0.4, 0.6, 0.8)

Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Column:
    """Ranges of one column: up to and including ``edges[0]``, ``edges[1]`` …, above all, and (last) unknown.

    ``leads`` (distinct) and ``rates`` (weighted share of rows with a conversion) a range; ``low`` and ``high`` are the
    extremes of the known values, None where there was none.
    """

    edges: tuple[float, ...]
    leads: tuple[int, ...]
    rates: tuple[float, ...]
    low: float | None
    high: float | None

    def places(self, values: Floats) -> Places:
        """The range of each value."""
        found = np.searchsorted(np.asarray(self.edges), values, side="left")
        return np.where(np.isnan(values), len(self.edges) + 1, found)


@dataclass(frozen=True, slots=True)
class Seen:
    """The training rows: a ``Column`` for each of the model's, and the overall ``rate``."""

    columns: tuple[Column, ...]
    rate: float

    def behind(self, columns: Places, values: Floats) -> tuple[Places, Floats]:
        """For pairs of (column's place, value): how many leads were in the same range, and their rate."""
        leads, rates = np.zeros(len(columns), dtype=np.int64), np.zeros(len(columns))
        for place in np.unique(columns):
            chosen = columns == place
            column = self.columns[place]
            ranges = column.places(values[chosen])
            leads[chosen] = np.asarray(column.leads)[ranges]
            rates[chosen] = np.asarray(column.rates)[ranges]
        return leads, rates

    def to_json(self) -> dict[str, Any]:
        """Plain lists."""
        rows = [[list(c.edges), list(c.leads), list(c.rates), c.low, c.high] for c in self.columns]
        return {"rate": self.rate, "columns": rows}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Seen:
        """What ``to_json`` wrote."""
        columns = tuple(
            Column(tuple(map(float, edges)), tuple(map(int, leads)), tuple(map(float, rates)), low, high)
            for edges, leads, rates, low, high in data["columns"]
        )
        return cls(columns, float(data["rate"]))


def learn(matrix: Floats, leads: Sequence[int] | Places, label: Floats, weight: Floats) -> Seen:
    """Look at training rows: ``matrix`` n × k, the lead, 0/1 label and weight of each row."""
    _, who = np.unique(np.asarray(leads), return_inverse=True)
    rate = float(weight @ label / weight.sum()) if len(weight) else 0.0
    columns = tuple(_column(matrix[:, place], who, label, weight) for place in range(matrix.shape[1]))
    return Seen(columns, rate)


def _column(values: Floats, who: Places, label: Floats, weight: Floats) -> Column:
    known = values[~np.isnan(values)]
    low, high = (float(known.min()), float(known.max())) if known.size else (None, None)
    bare = Column(_edges(known), (), (), low, high)
    ranges, count = bare.places(values), len(bare.edges) + 2
    met = np.zeros((int(who.max(initial=-1)) + 1, count), dtype=bool)
    met[who, ranges] = True
    mass = np.bincount(ranges, weights=weight, minlength=count)
    hits = np.bincount(ranges, weights=weight * label, minlength=count)
    rates = np.divide(hits, mass, out=np.zeros(count), where=mass > 0)
    return Column(bare.edges, tuple(met.sum(axis=0).tolist()), tuple(rates.tolist()), low, high)


def _edges(known: Floats) -> tuple[float, ...]:
    different = np.unique(known)
    if different.size <= FEW_VALUES:
        return tuple(different[:-1].tolist())
    return tuple(np.unique(np.quantile(known, FIFTHS)).tolist())
