"""How tightly two fields go together among leads of the same outcome."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from scoring.features.reading import moment, number

MIN_LEVEL_SHARE = 0.01
QUANTILES = 6
NOT_FILLED = 0

Codes = npt.NDArray[np.int64]


def codes(column: pl.Series, quantiles: int = QUANTILES, least: float = MIN_LEVEL_SHARE) -> Codes:
    """A field's text as few groups: quantiles of numbers and dates, else frequent values, and the rest; 0: not filled.

    ``least`` is the share of all rows from which a value has a group of its own. Groups count from 0 without gaps,
    but for NOT_FILLED, which may be empty.
    """
    frame = column.to_frame("value")
    for read in (number(pl.col("value")), moment(pl.col("value")).to_physical().cast(pl.Float64)):
        ordered = frame.select(read).to_series()
        if ordered.null_count() == column.null_count() and ordered.n_unique() > quantiles:
            cuts = ((ordered.rank("average") - 0.5) / max(ordered.count(), 1) * quantiles).floor() + 1
            return _dense(cuts.fill_null(0).cast(pl.Int64))
    sizes = pl.len().over("value")
    grouped = pl.when(pl.col("value").is_null()).then(None).when(sizes < least * column.len()).then(pl.lit("\0rare"))
    ranks = frame.select(grouped.otherwise("value").rank("dense").fill_null(NOT_FILLED).cast(pl.Int64)).to_series()
    return _dense(ranks)


def _dense(groups: pl.Series) -> Codes:
    found = groups.to_numpy()
    seen = np.union1d([NOT_FILLED], found)
    return np.asarray(np.searchsorted(seen, found), dtype=np.int64)


def tie(one: Codes, other: Codes, label: npt.NDArray[np.float64]) -> float:
    """The smaller of the two fields' association among converted and among other leads, 0…1.

    Fields that merely predict the same outcome are not tied: within one outcome they are independent.
    """
    return min(cramers_v(one[label == value], other[label == value]) for value in (0.0, 1.0))


def filled_together(one: Codes, other: Codes, label: npt.NDArray[np.float64]) -> float:
    """The smaller correlation, by outcome, of whether the two fields are filled in at all; 0 where either always is."""
    first, second = one != NOT_FILLED, other != NOT_FILLED
    return min(_phi(first[label == value], second[label == value]) for value in (0.0, 1.0))


def groups_of(fields: Mapping[str, Codes], label: npt.NDArray[np.float64], least: float) -> list[tuple[str, ...]]:
    """The fields in groups that go together: linked, directly or by others, by a tie or filling of ``least``."""
    groups: list[set[str]] = []
    for name, own in fields.items():
        linked = [group for group in groups if any(bound(own, fields[other], label) >= least for other in group)]
        groups = [group for group in groups if group not in linked] + [{name}.union(*linked)]
    return [tuple(sorted(group)) for group in groups]


def bound(one: Codes, other: Codes, label: npt.NDArray[np.float64]) -> float:
    """The stronger of ``tie`` and ``filled_together``."""
    return max(tie(one, other, label), filled_together(one, other, label))


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


def _phi(one: npt.NDArray[np.bool_], other: npt.NDArray[np.bool_]) -> float:
    shares: Sequence[float] = (float(one.mean()), float(other.mean())) if len(one) else (0.0, 0.0)
    spread = math.prod(share * (1 - share) for share in shares)
    return (float((one & other).mean()) - math.prod(shares)) / math.sqrt(spread) if spread > 0 else 0.0


def _table(one: Codes, other: Codes) -> npt.NDArray[np.float64]:
    width = int(other.max()) + 1 if other.size else 0
    height = int(one.max()) + 1 if one.size else 0
    counts = np.bincount(one * width + other, minlength=height * width).reshape(height, width)
    used = counts[counts.sum(axis=1) > 0]
    table: npt.NDArray[np.float64] = used[:, used.sum(axis=0) > 0].astype(np.float64)
    return table
