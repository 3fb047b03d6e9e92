"""Undated fields that repeat the last value of a dated one: the dated field shows when that became known.

Another CRM often holds a copy of a field without its history. Taken as known from creation it would give the
future away, although the original, used with its dates, does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from scoring.features.reading import number, text
from scoring.population import existing, numbered
from scoring.schema import Field, History
from scoring.timeline import Timeline

MAX_LEADS = 10_000
INTAKE_HOURS = 1
MIN_CHANGED = 20
MIN_TRANSLATED = 3
"""Leads with an original's value from which its most frequent counterpart counts as its translation."""
AGREE, ALIKE = 0.90, 0.97
"""Asked among leads whose original changed, and among all that hold a value (a copy has an original)."""
LIFT, MORE = 2.0, 0.10
"""Agreement among leads whose original changed must be this many times, and this much above, that of leads with
the same first value whose original did not change: else the two mean the same from the start."""
KNOWN_ANYWAY = 4.0
"""Leads without any original may hold the values that others got later at most so many times more seldom."""

NONE = 0
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Copy:
    """``field`` repeats the last value of ``original`` for the share ``agreed`` of ``changed`` leads that hold it."""

    field: str
    original: str
    agreed: float
    changed: int


@dataclass(frozen=True, slots=True)
class _Original:
    name: str
    first: Codes
    last: Codes

    @property
    def changed(self) -> npt.NDArray[np.bool_]:
        """Leads whose value at intake was another than the last one."""
        return np.asarray((self.first != self.last) & (self.last != NONE))


def copies(
    timeline: Timeline, history: History, undated: Sequence[Field], dated: Sequence[Field], as_of: datetime
) -> dict[str, Copy]:
    """The best original of every undated field that is a copy, by the copy's name."""
    if not undated or not dated:
        return {}
    rows = timeline.leads(existing(history, as_of)).drop_nulls("created_at")
    rows = numbered(rows.gather_every(max(1, -(-rows.height // MAX_LEADS))))
    early = rows.with_columns(as_of=pl.col("created_at") + timedelta(hours=INTAKE_HOURS))
    names = [field.name for field in dated]
    last = _coded(timeline.values(rows, [*names, *(field.name for field in undated)]), timeline.values(early, names))
    originals = [_Original(name, last[f"first:{name}"], last[name]) for name in names]
    originals = [one for one in originals if int(one.changed.sum()) >= MIN_CHANGED]
    found = [
        copy for field in undated for one in originals if (copy := _copy(field.name, last[field.name], one)) is not None
    ]
    return {copy.field: copy for copy in sorted(found, key=lambda copy: (copy.agreed, copy.original))}


def _coded(now: pl.DataFrame, first: pl.DataFrame) -> dict[str, Codes]:
    """All texts as numbers of one dictionary; NONE: not filled."""
    columns = [now[name] for name in now.columns if name != "row"]
    columns += [first[name].alias(f"first:{name}") for name in first.columns if name != "row"]
    plain = pl.coalesce(number(pl.col("value")).cast(pl.String), text(pl.col("value")).str.to_lowercase())
    every = pl.concat([column.alias("value") for column in columns]).to_frame().select(plain.rank("dense").fill_null(0))
    parts = np.split(every.to_series().cast(pl.Int64).to_numpy(), len(columns))
    return {column.name: part for column, part in zip(columns, parts, strict=True)}


def _copy(name: str, own: Codes, original: _Original) -> Copy | None:
    changed, held = original.changed, own != NONE
    if int((changed & held).sum()) < MIN_CHANGED:
        return None
    expected = _translated(own, original.last)
    same = own == expected
    agreed, reached = float(same[changed & held].mean()), float(same[changed].mean())
    if agreed < AGREE or same[held].mean() < ALIKE:
        return None
    usual = _usual(own, expected, original)
    if reached - usual < MORE or reached < LIFT * usual or _known_anyway(own, expected, original) > reached:
        return None
    return Copy(name, original.name, agreed, int((changed & held).sum()))


def _known_anyway(own: Codes, expected: Codes, original: _Original) -> float:
    """How often, times KNOWN_ANYWAY, leads hold such values while their original is still empty."""
    changed, bare = original.changed, original.last == NONE
    if not bare.any() or not (original.first[changed] == NONE).any():
        return 0.0
    return float(np.isin(own[bare], np.unique(expected[changed])).mean()) * KNOWN_ANYWAY


def _translated(own: Codes, last: Codes) -> Codes:
    """What a copy would hold for each lead's last value of the original: its usual counterpart, else the same text."""
    both = (own != NONE) & (last != NONE)
    pairs, counts = np.unique(np.stack([last[both], own[both]]), axis=1, return_counts=True)
    usual = counts >= MIN_TRANSLATED
    order = np.argsort(counts[usual], kind="stable")
    expected = last.copy()
    table = np.arange(int(max(last.max(), own.max())) + 1)
    table[pairs[0, usual][order]] = pairs[1, usual][order]
    expected[last != NONE] = table[last[last != NONE]]
    return expected


def _usual(own: Codes, expected: Codes, original: _Original) -> float:
    """How often leads with the same first value, but an unchanged original, hold what the changed ones should."""
    changed = original.changed
    width = int(max(own.max(), expected.max(), original.first.max())) + 1
    still = ~changed
    starts, sizes = np.unique(original.first[still], return_counts=True)
    pairs, counts = np.unique(original.first[still] * width + own[still], return_counts=True)
    wanted = original.first[changed] * width + expected[changed]
    size = _looked_up(original.first[changed], starts, sizes)
    shares = _looked_up(wanted, pairs, counts) / np.maximum(size, 1)
    return float(shares[size > 0].mean()) if (size > 0).any() else float((own[still] != NONE).mean())


def _looked_up(wanted: Codes, keys: Codes, values: Codes) -> Codes:
    if not len(keys):
        return np.zeros(len(wanted), dtype=np.int64)
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[places] == wanted, values[places], 0)
