"""How tightly two fields go together among leads of the same outcome."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import polars as pl

from scoring.features.reading import number

MIN_LEVEL_SHARE = 0.01
QUANTILES = 6

Codes = npt.NDArray[np.int64]


def codes(column: pl.Series) -> Codes:
    """A field's text as few groups: sixths of a number, else frequent values, the rest, and "not filled"."""
    frame = column.to_frame("value")
    numeric = frame.select(number(pl.col("value"))).to_series()
    if numeric.null_count() == column.null_count() and numeric.n_unique() > QUANTILES:
        cuts = ((numeric.rank("average") - 0.5) / max(numeric.count(), 1) * QUANTILES).floor().cast(pl.Int64)
        return np.asarray(cuts.fill_null(-1).to_numpy(), dtype=np.int64)
    sizes = frame.select(pl.len().over("value")).to_series()
    rare = sizes < MIN_LEVEL_SHARE * column.len()
    grouped = frame.select(pl.when(rare).then(pl.lit("\0rare")).otherwise("value").fill_null("\0none").rank("dense"))
    return np.asarray(grouped.to_series().cast(pl.Int64).to_numpy(), dtype=np.int64)


def tie(one: Codes, other: Codes, label: npt.NDArray[np.float64]) -> float:
    """The smaller of the two fields' association among converted and among other leads, 0…1.

    Fields that merely predict the same outcome are not tied: within one outcome they are independent.
    """
    return min(cramers_v(one[label == value], other[label == value]) for value in (0.0, 1.0))


def cramers_v(one: Codes, other: Codes) -> float:
    """Cramér's V with Bergsma's (2013) correction for bias."""
    count = len(one)
    table = _table(one, other)
    rows, columns = table.shape
    if min(rows, columns) < 2 or count < 2:
        return 0.0
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / count
    phi = float(((table - expected) ** 2 / expected).sum()) / count
    corrected = max(0.0, phi - (rows - 1) * (columns - 1) / (count - 1))
    least = min(rows - (rows - 1) ** 2 / (count - 1), columns - (columns - 1) ** 2 / (count - 1)) - 1
    return math.sqrt(corrected / least) if least > 0 else 0.0


def _table(one: Codes, other: Codes) -> npt.NDArray[np.float64]:
    _, left = np.unique(one, return_inverse=True)
    _, right = np.unique(other, return_inverse=True)
    width = int(right.max()) + 1 if right.size else 0
    height = int(left.max()) + 1 if left.size else 0
    counts = np.bincount(left * width + right, minlength=height * width)
    return counts.reshape(height, width).astype(np.float64)
