"""What a lead's steps and their order look like in a few numbers, learned without looking at any outcome.

1. Steps that stand close to each other in leads' histories get vectors alike: the positive pointwise mutual
   information of "one came shortly before the other", its rows and columns side by side, factorised (Levy & Goldberg
   2014: what skip-gram does; context counts smoothed by the power .75).
2. A lead's *mix* is the mean of its steps' vectors, the newer the heavier.
3. A lead's *course* says of each two steps how much more often the one came shortly before the other than after it:
   which steps, and how often, cancels out, only the order is left. Of all directions in that space those are kept in
   which leads differ most (principal components).

No outcome takes part, so the columns are the same for every label, and rolling windows stay unseen.
Sums run event by event, by single products, so that a lead's numbers do not depend on the other leads of a batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np
import numpy.typing as npt
import polars as pl

from scoring.features.spec import Embedding, Step
from scoring.features.tally import US_PER_DAY, Whole, places

Floats = npt.NDArray[np.float64]

STEP = "step"
MIXES, TURNS = 6, 8
REACH, GAP_DAYS = 4, 30
"""A step came shortly before another: at most so many steps and days earlier; its share is 1 / steps."""
DAYS, MOST_EVENTS = 90, 32
"""How far back a lead's events are read."""
RECENCY_DAYS = (1, 7, 30)
RECENCY = np.array([1.0, 0.75, 0.5, 0.25])
"""The weight of a step by its age, in coarse classes."""
LEAST_STEPS = 3
ORDERED_STEPS = 24
"""The course is that of the most usual steps."""
MOST_LEADS = 20_000
"""Leads from which the directions are learned."""
CHUNK_ROWS = 50_000
DIGITS = 6


LATEST = ("step:last", "step:before")
"""Columns of the base frame: the codes of a lead's newest step and of the one before it."""


@dataclass(frozen=True, slots=True)
class Course:
    """The events that are read, ordered by row and time: the row's place, the step's code, µs before ``as_of``."""

    row: Whole
    code: Whole
    ago: Whole

    def part(self, start: int, end: int) -> Course:
        """The events of the rows at the places from ``start`` to before ``end``, counted from there."""
        first, last = np.searchsorted(self.row, [start, end])
        return Course(self.row[first:last] - start, self.code[first:last], self.ago[first:last])

    def shifted(self, lag: int) -> tuple[Whole, Whole]:
        """Places of events, and of those ``lag`` steps before them, that stand shortly before them."""
        later, former = np.arange(lag, len(self.row)), np.arange(len(self.row) - lag)
        close = self.ago[former] - self.ago[later] <= GAP_DAYS * US_PER_DAY
        kept = (self.row[former] == self.row[later]) & close
        return later[kept], former[kept]

    def recency(self) -> Floats:
        """The weight of each event by its age."""
        edges = np.array(RECENCY_DAYS) * US_PER_DAY
        weights: Floats = RECENCY[np.searchsorted(edges, self.ago, side="left")]
        return weights


def course(events: pl.DataFrame, rows: pl.DataFrame, steps: int) -> Course:
    """The newest known steps of each row in ``events`` (row, ago, STEP), which are in the order of rows and time."""
    known = events.filter(pl.col(STEP) < steps, pl.col("ago") <= pl.duration(days=DAYS))
    row = places(known["row"], rows["row"])
    ends = np.cumsum(np.bincount(row, minlength=rows.height))
    newest = ends[row] - np.arange(len(row)) <= MOST_EVENTS
    code = known[STEP].to_numpy().astype(np.int64)
    return Course(row[newest], code[newest], known["ago"].cast(pl.Int64).to_numpy()[newest])


def learn(events: pl.DataFrame, rows: pl.DataFrame, steps: Sequence[Step]) -> Embedding:
    """The embedding of coded ``events`` of ``rows``, one a lead; empty where too few different steps occur."""
    found = course(events, rows, len(steps))
    seen = np.bincount(found.code, minlength=len(steps)).astype(np.float64)
    if (seen > 0).sum() < LEAST_STEPS:
        return Embedding()
    together = _together(found, len(steps))
    if not together.any():
        return Embedding()
    vectors = _vectors(together)
    usual = np.sort(np.argsort(-seen, kind="stable")[:ORDERED_STEPS])
    usual = usual[seen[usual] > 0]
    pairs = list(combinations(usual.tolist(), 2))
    turns = _turns(_balance(found.part(0, MOST_LEADS), usual, len(steps), min(rows.height, MOST_LEADS)))
    return Embedding(
        steps=tuple(steps),
        vectors=_plain(vectors),
        ordered=tuple(usual.tolist()),
        turns=_plain(turns),
        mixes=tuple(_extremes(vectors[:, place], seen) for place in range(vectors.shape[1])),
        orders=_orders(turns, pairs),
    )


def columns(found: Course, count: int, embedding: Embedding) -> list[pl.Series]:
    """What the features and their sentences read, of ``count`` rows."""
    mix, turned = embedded(found, count, embedding)
    series = [pl.Series(mix_column(place), mix[:, place]) for place in range(mix.shape[1])]
    series += [pl.Series(turn_column(place), turned[:, place]) for place in range(turned.shape[1])]
    ends = np.cumsum(np.bincount(found.row, minlength=count))
    for back, name in enumerate(LATEST, start=1):
        there = np.bincount(found.row, minlength=count) >= back
        codes = np.full(count, -1, dtype=np.int64)
        codes[there] = found.code[ends[there] - back]
        series.append(pl.Series(name, codes))
    return series


def mix_column(place: int) -> str:
    """The base frame's column of the n-th dimension of the mix."""
    return f"mix:{place}"


def turn_column(place: int) -> str:
    """The base frame's column of the n-th turn of the course."""
    return f"turn:{place}"


def embedded(found: Course, count: int, embedding: Embedding) -> tuple[Floats, Floats]:
    """Mix (count × vectors' width) and course (count × turns); zeros where there are no events."""
    mix = np.zeros((count, len(embedding.vectors[0])))
    turned = np.zeros((count, len(embedding.turns)))
    vectors, tables = np.array(embedding.vectors), _tables(embedding)
    for start in range(0, count, CHUNK_ROWS):
        part, rows = found.part(start, start + CHUNK_ROWS), slice(start, start + CHUNK_ROWS)
        _mixed(part, vectors, mix[rows])
        _turned(part, tables, turned[rows])
    return mix, turned


def _mixed(found: Course, vectors: Floats, out: Floats) -> None:
    weight = found.recency()
    mass = np.bincount(found.row, weights=weight, minlength=len(out)) + 1.0
    for place in range(out.shape[1]):
        part = weight * vectors[found.code, place]
        out[:, place] = np.bincount(found.row, weights=part, minlength=len(out)) / mass


def _turned(found: Course, tables: Floats, out: Floats) -> None:
    mass = np.ones(len(out))
    for lag in range(1, REACH + 1):
        later, former = found.shifted(lag)
        row, share = found.row[later], 1.0 / lag
        mass += np.bincount(row, minlength=len(out)) * share
        cell = found.code[former] * tables.shape[1] + found.code[later]
        for place, table in enumerate(tables):
            out[:, place] += np.bincount(row, weights=table.reshape(-1)[cell], minlength=len(out)) * share
    out /= mass[:, None]


@lru_cache(maxsize=16)
def _tables(embedding: Embedding) -> Floats:
    """Each turn as what a step before another one adds, turns × steps × steps, antisymmetric. Read only: kept."""
    count = len(embedding.steps)
    tables = np.zeros((len(embedding.turns), count, count))
    pairs = list(combinations(embedding.ordered, 2))
    first, then = (np.array(side, dtype=np.int64) for side in zip(*pairs, strict=True))
    for table, turn in zip(tables, embedding.turns, strict=True):
        table[first, then], table[then, first] = turn, np.negative(turn)
    tables.setflags(write=False)
    return tables


def _together(found: Course, count: int) -> Floats:
    """How often each step came shortly before each other one, count × count."""
    total = np.zeros(count * count)
    for lag in range(1, REACH + 1):
        later, former = found.shifted(lag)
        cell = found.code[former] * count + found.code[later]
        total += np.bincount(cell, minlength=count * count) / lag
    return total.reshape(count, count)


def _vectors(together: Floats) -> Floats:
    """One vector a step, of mean length 1 over the steps that occur, rounded as they are stored."""
    sides = [_information(table) for table in (together, together.T)]
    left, size, _ = np.linalg.svd(np.hstack(sides), full_matrices=False)
    kept = min(MIXES, int((size > 1e-6 * max(size[0], 1e-6)).sum()))
    vectors = _signed((left[:, :kept] * np.sqrt(size[:kept])).T).T
    length = np.linalg.norm(vectors, axis=1)
    return np.round(vectors / float(length[length > 0].mean()), DIGITS) if kept else vectors


def _information(table: Floats) -> Floats:
    """Positive pointwise mutual information of rows and columns."""
    one, other = table.sum(axis=1), table.sum(axis=0) ** 0.75
    expected = np.outer(one, other / max(float(other.sum()), 1e-12))
    ratio = np.divide(table, expected, out=np.ones_like(table), where=(expected > 0) & (table > 0))
    return np.maximum(np.log(ratio), 0.0)


def _balance(found: Course, usual: Whole, steps: int, count: int) -> Floats:
    """Each lead's own course before directions are chosen: leads × pairs of the ``usual`` steps."""
    places = np.full(steps, -1)
    places[usual] = np.arange(len(usual))
    square, mass = np.zeros(count * len(usual) ** 2), np.ones(count)
    for lag in range(1, REACH + 1):
        later, former = found.shifted(lag)
        one, other = places[found.code[former]], places[found.code[later]]
        known = (one >= 0) & (other >= 0)
        cell = (found.row[later] * len(usual) + one) * len(usual) + other
        square += np.bincount(cell[known], minlength=len(square)) / lag
        mass += np.bincount(found.row[later], minlength=count) / lag
    tables = square.reshape(count, len(usual), len(usual))
    first, then = np.triu_indices(len(usual), 1)
    balance: Floats = (tables[:, first, then] - tables[:, then, first]) / mass[:, None]
    return balance


def _turns(balance: Floats) -> Floats:
    """The principal components, one a row."""
    centred = balance - balance.mean(axis=0)
    size, axes = np.linalg.eigh(centred.T @ centred / len(centred))
    kept = [place for place in np.argsort(-size, kind="stable")[:TURNS] if size[place] > 1e-9 * size.max() > 0]
    return np.round(_signed(axes[:, kept].T), DIGITS)


def _signed(rows: Floats) -> Floats:
    """Each row with its largest entry positive: factorisations leave the sign open."""
    largest = rows[np.arange(len(rows)), np.abs(np.round(rows, DIGITS)).argmax(axis=1)]
    return rows * np.where(largest < 0, -1.0, 1.0)[:, None]


def _extremes(column: Floats, seen: Floats) -> tuple[int, int]:
    """The steps that raise and lower a column most, by how often they occur too."""
    pull = np.where(seen > 0, column * np.sqrt(seen), np.nan)
    return int(np.nanargmax(pull)), int(np.nanargmin(pull))


def _orders(turns: Floats, pairs: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """For each turn the two steps whose order moves it most, of those that no weightier turn is called by."""
    found: list[int] = []
    named: list[tuple[int, int]] = []
    for turn in turns:
        at = next(int(place) for place in np.argsort(-np.abs(turn), kind="stable") if int(place) not in found)
        found.append(at)
        named.append(pairs[at] if turn[at] >= 0 else pairs[at][::-1])
    return tuple(named)


def _plain(rows: Floats) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(float(value) for value in row) for row in rows)
