"""Time splits with an embargo: what was learned from must have matured before evaluation starts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise, product

import numpy as np
import numpy.typing as npt
import polars as pl

from scoring.schema import Goal, Timing

TRAIN_SHARE, VALID_SHARE = 0.6, 0.2
WINDOWS, OLDER_SHARE = 4, 0.5
"""Rolling origins: how many windows, and the share of the development part that is older than all of them."""
MIN_TRAIN, MIN_WINDOW = (30, 18), 5
"""Least distinct converting leads in the training part (wished for, accepted) and in each evaluation window."""

_DAY_US = 86_400_000_000
_SHRINK = ((1.0, 1.0), (1.0, 0.5), (1.0, 0.25), (1.0, 0.0), (0.5, 0.5), (0.5, 0.0), (0.25, 0.0), (0.0, 0.0))

_NONE = ((0.0, 0.0),)

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Split:
    """Boolean masks over the snapshot rows. ``notes`` says in words where the rule had to bend.

    ``embargo_us``: the span that was kept free before validation.
    """

    train: Mask
    valid: Mask
    test: Mask
    dev: Mask
    notes: tuple[str, ...]
    embargo_us: int = 0


@dataclass(frozen=True, slots=True)
class Origin:
    """A cut in the development part: what was matured before it, and the window after it."""

    train: Mask
    window: Mask


def time_split(rows: pl.DataFrame, goal: Goal) -> Split | None:
    """60/20/20 by time; None where no window can hold enough distinct conversions.

    ``DATED``: shares of the positive rows, because open leads pile up while conversions do not, and
    an embargo of one horizon before validation and before test. Where the history is too short the
    embargo before validation shrinks first, then the one before the test; the notes say so.
    Other timings: shares of the rows, no embargo.
    """
    order = rows["order"].to_numpy()
    dated = goal.timing is Timing.DATED
    pool = order[rows["label"].to_numpy() == 1] if dated else order
    if not pool.size:
        return None
    last = int(np.sort(pool)[round(pool.size * (TRAIN_SHARE + VALID_SHARE) - 0.5)])
    horizon = goal.horizon_days * _DAY_US
    for least, (before_test, before_valid) in product(MIN_TRAIN, _SHRINK if dated else _NONE):
        split = _cut(rows, last, int(before_test * horizon), int(before_valid * horizon))
        if split is not None and _enough(rows, split, least):
            return _with_notes(split, goal, before_test, before_valid)
    return None


def origins(rows: pl.DataFrame, split: Split, *, dated: bool) -> tuple[Origin, ...]:
    """Rolling origins in the development part, oldest first: windows of equal shares of its newer half.

    Shares of the positive rows where ``dated``, else of the rows; the embargo is the split's. Origins that
    hold too few conversions are left out; where none is left, the split's own validation is the one window.
    """
    order, label = rows["order"].to_numpy(), rows["label"].to_numpy()
    pool = np.sort(order[split.dev & (label == 1)] if dated else order[split.dev])
    places = np.linspace(OLDER_SHARE, 1.0, WINDOWS + 1)
    cuts = [int(pool[round(share * (pool.size - 1))]) for share in places]
    cuts[-1] = int(order[split.dev].max()) + 1
    found = []
    for start, end in pairwise(cuts):
        train = split.dev & (order < start) & (order + split.embargo_us <= start)
        origin = Origin(train, split.dev & (order >= start) & (order < end))
        least = ((origin.train, MIN_TRAIN[-1]), (origin.window, MIN_WINDOW))
        if all(distinct_conversions(rows, mask) >= few and _both(rows, mask) for mask, few in least):
            found.append(origin)
    return tuple(found) or (Origin(split.train, split.valid),)


def distinct_conversions(rows: pl.DataFrame, mask: Mask | None = None) -> int:
    """How many different leads convert in the (masked) rows."""
    chosen = rows if mask is None else rows.filter(pl.Series(mask))
    return chosen.filter(pl.col("label") == 1)["lead_id"].n_unique()


def _cut(rows: pl.DataFrame, last: int, before_test: int, before_valid: int) -> Split | None:
    order = rows["order"].to_numpy()
    test = order >= last
    dev = order < last if not before_test else order + before_test <= last
    positive = dev & (rows["label"].to_numpy() == 1)
    pool = order[positive] if before_test or before_valid else order[dev]
    if not pool.size:
        return None
    middle = np.sort(pool)[round(pool.size * TRAIN_SHARE / (TRAIN_SHARE + VALID_SHARE) - 0.5)]
    valid = dev & (order >= middle)
    train = dev & (order + before_valid <= middle) & (order < middle)
    return Split(train, valid, test, dev, (), before_valid)


def _enough(rows: pl.DataFrame, split: Split, least_train: int) -> bool:
    windows = ((split.train, least_train), (split.valid, MIN_WINDOW), (split.test, MIN_WINDOW))
    return all(distinct_conversions(rows, mask) >= least and _both(rows, mask) for mask, least in windows)


def _both(rows: pl.DataFrame, mask: Mask) -> bool:
    return rows.filter(pl.Series(mask))["label"].n_unique() > 1


def _with_notes(split: Split, goal: Goal, before_test: float, before_valid: float) -> Split:
    notes = []
    whole = goal.horizon_days
    if goal.timing is Timing.DATED and before_valid < 1:
        notes.append(
            f"The history is short: the embargo before validation is {before_valid * whole:.0f} of {whole} days."
        )
    if goal.timing is Timing.DATED and before_test < 1:
        notes.append(
            f"The history is short: the embargo before the test is {before_test * whole:.0f} of {whole} days; "
            "the figures may be slightly optimistic."
        )
    return replace(split, notes=tuple(notes))
