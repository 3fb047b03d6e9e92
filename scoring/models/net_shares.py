"""What each column adds to a net's log-odds.

The value of a set S of groups of columns is the mean output where the groups of S are the lead's and the
others those of each row of a fixed background. A group's Shapley value (1953; for models: Štrumbelj &
Kononenko 2014; Lundberg & Lee 2017) over all 2^groups sets is exact, not sampled. Groups are concepts, at most
MOST_GROUPS of them: the least important beyond that are one group. Inside a group the value is shared by
the rescale rule (DeepLIFT: Shrikumar et al. 2017; for one hidden layer it is the path integral of Aumann &
Shapley) against the mean of the background, and what is left over in proportion to those shares.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import comb
from typing import Any

import numpy as np
import numpy.typing as npt

from scoring.models.contract import Floats

MOST_GROUPS = 10
BLOCK = 2_000
"""Rows read at once."""
CHUNK = 32
"""Rows whose coalitions are gone through at once: 2^10 sets × rows stay in the processor's cache."""
NEAR = 1e-12

Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Layer:
    """``weights`` inputs × units and ``bias`` of the hidden layer, ``out`` and ``base`` of the output unit."""

    weights: Floats
    bias: Floats
    out: Floats
    base: float

    def output(self, inputs: Floats) -> Floats:
        """The output for rows of inputs, n."""
        reached = self.reached(inputs, np.zeros(inputs.shape[1], dtype=np.int64), 1)[0]
        total = np.full(inputs.shape[0], self.base)
        for unit, strength in enumerate(self.out):
            total += strength * np.maximum(reached[unit] + self.bias[unit], 0.0)
        return total

    def estimate(self, inputs: Floats) -> Floats:
        """The output, n, by products of matrices: many times faster, but its last bits may depend on the other rows."""
        found: Floats = np.maximum(inputs @ self.weights + self.bias, 0.0) @ self.out + self.base
        return found

    def reached(self, inputs: Floats, groups: Places, count: int) -> Floats:
        """What reaches the hidden units from each group of inputs, count × units × n.

        Added column by column: a product of matrices may round a row otherwise among other neighbours.
        """
        found = np.zeros((count, len(self.bias), inputs.shape[0]))
        for place, group in enumerate(groups):
            found[group] += self.weights[place][:, None] * inputs[:, place]
        return found

    def to_json(self) -> dict[str, Any]:
        """Plain lists."""
        return {
            "weights": self.weights.tolist(),
            "bias": self.bias.tolist(),
            "out": self.out.tolist(),
            "base": self.base,
        }


def from_json(data: Mapping[str, Any]) -> Layer:
    """The layer that ``to_json`` wrote."""
    weights, bias, out = (np.asarray(data[name], dtype=np.float64) for name in ("weights", "bias", "out"))
    return Layer(weights, bias, out, float(data["base"]))


def contributions(layer: Layer, inputs: Floats, background: Floats, owners: Places, groups: Places) -> Floats:
    """Array n × (k + 1), the base last. ``owners``: each input's column; ``groups``: each column's group."""
    result = np.empty((inputs.shape[0], len(groups) + 1))
    middle, count = background.mean(axis=0), int(groups.max()) + 1
    others = layer.reached(background, groups[owners], count)
    for start in range(0, inputs.shape[0], BLOCK):
        some = inputs[start : start + BLOCK]
        mine = layer.reached(some, groups[owners], count)
        pieces = [shapley(layer, mine[:, :, at : at + CHUNK], others) for at in range(0, len(some), CHUNK)]
        values, base = (np.concatenate(parts) for parts in zip(*pieces, strict=True))
        result[start : start + BLOCK, :-1] = _shared(rescaled(layer, some, middle, owners), values, groups)
        result[start : start + BLOCK, -1] = base
    return result


def shapley(layer: Layer, mine: Floats, others: Floats) -> tuple[Floats, Floats]:
    """The groups' Shapley values, n × groups, and the mean output over the background, n.

    ``mine`` and ``others``: what reaches the units from each group of the rows and of the background.
    """
    count, rows = others.shape[0], others.shape[2]
    total = np.zeros((2**count, mine.shape[2]))
    for unit, strength in enumerate(layer.out):
        own = _sets(mine[:, unit]) + layer.bias[unit]
        # The set that S leaves out has the place of S counted from the end.
        other = _sets(others[:, unit])[::-1]
        # max(u + c, 0) = max(u, −c) + c, where c does not depend on the row.
        above = np.zeros(own.shape)
        for row in range(rows):
            above += np.maximum(own, -other[:, row, None])
        total += strength * (above + other.sum(axis=1)[:, None])
    worth = np.ascontiguousarray(total.T) / rows + layer.base
    gains = _gains(count)
    return np.column_stack([(worth * gain).sum(axis=1) for gain in gains]), worth[:, 0]


def rescaled(layer: Layer, inputs: Floats, middle: Floats, owners: Places) -> Floats:
    """What each column adds on the straight way from ``middle`` to the row, n × k."""
    single = np.zeros(inputs.shape[1], dtype=np.int64)
    start = layer.reached(middle[None], single, 1)[0] + layer.bias[:, None]
    end = layer.reached(inputs, single, 1)[0] + layer.bias[:, None]
    gap = end - start
    near = np.abs(gap) < NEAR
    risen = np.maximum(end, 0.0) - np.maximum(start, 0.0)
    slope = layer.out[:, None] * np.where(near, start > 0, risen / np.where(near, 1.0, gap))
    parts = np.zeros((inputs.shape[0], int(owners.max()) + 1))
    for place, column in enumerate(owners):
        pull = np.zeros(inputs.shape[0])
        for unit, weight in enumerate(layer.weights[place]):
            pull += weight * slope[unit]
        parts[:, column] += pull * (inputs[:, place] - middle[place])
    return parts


def grouped(concepts: Sequence[str], parts: Floats) -> Places:
    """Each column's group: its concept, where that is among the most important by mean absolute ``parts``."""
    names = list(dict.fromkeys(concepts))
    places = np.array([names.index(concept) for concept in concepts])
    sums = np.zeros((parts.shape[0], len(names)))
    for column, place in enumerate(places):
        sums[:, place] += parts[:, column]
    order = np.argsort(-np.abs(sums).mean(axis=0), kind="stable")
    rank = np.argsort(order, kind="stable")
    return np.asarray(np.minimum(rank, MOST_GROUPS - 1)[places], dtype=np.int64)


def _sets(reached: Floats) -> Floats:
    """The sums of all sets of groups, 2^groups × n; the bits of a place tell the groups."""
    found = np.zeros((1, *reached.shape[1:]))
    for group in reached:
        found = np.concatenate([found, found + group])
    return found


@lru_cache(maxsize=MOST_GROUPS)
def _gains(count: int) -> Floats:
    """The weight of each set's worth in each group's Shapley value, groups × 2^groups."""
    places = np.arange(2**count)
    inside = (places >> np.arange(count)[:, None]) & 1 == 1
    size = inside.sum(axis=0)
    weight = np.array([1.0 / (count * comb(count - 1, others)) for others in range(count)])
    gains: Floats = np.where(inside, weight[np.maximum(size - 1, 0)], -weight[np.minimum(size, count - 1)])
    return gains


def _shared(parts: Floats, values: Floats, groups: Places) -> Floats:
    """``parts`` with the rest of each group's value added in proportion to their sizes."""
    result = np.empty(parts.shape)
    for group in range(values.shape[1]):
        columns = np.flatnonzero(groups == group)
        whole, size = np.zeros(len(parts)), np.zeros(len(parts))
        for column in columns:
            whole += parts[:, column]
            size += np.abs(parts[:, column])
        rest, none = values[:, group] - whole, size < NEAR
        for column in columns:
            share = np.where(none, 1.0 / len(columns), np.abs(parts[:, column]) / np.where(none, 1.0, size))
            result[:, column] = parts[:, column] + rest * share
    return result
