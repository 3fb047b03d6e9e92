"""Counting events by row, kind and window: the one hot loop of the features.

Plain integer counting over arrays: the same sums as expressions over masks, in a tenth of the time
for a million leads (one pass a window instead of one a window and kind).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from scoring.features.declared import DAYS_PER_US, WINDOWS_DAYS

Whole = npt.NDArray[np.int64]

US_PER_DAY = 86_400_000_000
NEVER = np.iinfo(np.int64).max
_OTHER = 1


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts n × (kinds + 1) by days (None: ever) and µs since the last event; the last column is all other kinds."""

    kinds: tuple[str, ...]
    counts: Mapping[int | None, Whole]
    last: Whole

    def count(self, kind: str | None, days: int | None) -> Whole:
        """Events of ``kind`` (None: any, also of kinds not named) in the last ``days``, n."""
        table = self.counts[days]
        return table.sum(axis=1) if kind is None else table[:, self.kinds.index(kind)]

    def days_since(self, kind: str | None) -> pl.Series:
        """Days since the last event of ``kind`` (None: any), n; null: never."""
        us = self.last.min(axis=1) if kind is None else self.last[:, self.kinds.index(kind)]
        return pl.Series(np.where(us == NEVER, np.nan, us * DAYS_PER_US), nan_to_null=True)


def tally(events: pl.DataFrame, rows: pl.Series, kinds: Sequence[str]) -> Tally:
    """Count ``events`` (row, kind, ago) for ``rows`` (row numbers, each once), in their order."""
    width, height = len(kinds) + _OTHER, len(rows)
    cell = places(events["row"], rows) * width + _codes(events["kind"], kinds)
    ago = events["ago"].cast(pl.Int64).to_numpy()
    counts = {}
    for days in (*WINDOWS_DAYS, None):
        chosen = cell if days is None else cell[ago <= days * US_PER_DAY]
        counts[days] = np.bincount(chosen, minlength=height * width).astype(np.int64).reshape(height, width)
    last = np.full(height * width, NEVER, dtype=np.int64)
    np.minimum.at(last, cell, ago)
    return Tally(tuple(kinds), counts, last.reshape(height, width))


def times(found: pl.Series, codes: pl.Series, rows: pl.Series, width: int) -> Whole:
    """Count how often each of ``width`` codes stands beside each of ``rows``, n × width; other codes do not count."""
    kept = (codes < width).to_numpy()
    cell = places(found, rows)[kept] * width + codes.to_numpy()[kept]
    return np.bincount(cell, minlength=len(rows) * width).astype(np.int64).reshape(len(rows), width)


def places(found: pl.Series, rows: pl.Series) -> Whole:
    """Return where in ``rows`` each of the ``found`` row numbers stands."""
    numbers = rows.to_numpy()
    order = np.argsort(numbers, kind="stable")
    standing: Whole = order[np.searchsorted(numbers[order], found.to_numpy())]
    return standing


def _codes(found: pl.Series, kinds: Sequence[str]) -> Whole:
    if not kinds:
        return np.zeros(len(found), dtype=np.int64)
    codes = found.cast(pl.Enum(kinds), strict=False).to_physical().cast(pl.Int64).fill_null(len(kinds))
    return np.asarray(codes.to_numpy(), dtype=np.int64)
