"""Which segments get a model of their own: those where it ranks their leads surely better over the rolling windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from scoring.metrics import Floats
from scoring.models import logistic_search
from scoring.models.blend import blended, stacked
from scoring.models.judging import Fold, area, chance_of_gain
from scoring.models.rungs import Candidate
from scoring.models.segmented import OwnRecipe, SegmentedRecipe

CERTAIN = 0.9
"""Of the paired resamples of a segment's leads: more than on the ladder, since several segments are tried."""
LEAST_CONVERTING_ROWS = 10
"""Of a segment, in a window and in what was learned from before it."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A segment's model beside the parent's on the segment's leads: mean AUC over the windows, and what was decided.

    The AUCs are None where a window holds too few of the segment's conversions to tell.
    """

    column: str
    parent: float | None = None
    own: float | None = None
    certainty: float | None = None
    share: float = 0.0

    @property
    def taken(self) -> bool:
        """Whether the segment has a model of its own now."""
        return self.share > 0


def climbed(folds: Sequence[Fold], below: Candidate, columns: Sequence[str]) -> tuple[Candidate, list[Tried]]:
    """``below`` with models for those segments (``columns``) where that surely helps, and what was found of each."""
    log_odds, recipes, tried = [np.array(raw) for raw in below.log_odds], list[OwnRecipe](), list[Tried]()
    for column in columns:
        found, recipe, said = _one(folds, below, column)
        tried.append(found)
        if recipe is None:
            continue
        recipes.append(recipe)
        for raw, fold, own in zip(log_odds, folds, said, strict=True):
            raw[_inside(fold, column)] = own
    if not recipes:
        return below, tried
    return Candidate(f"{below.name} + segments", SegmentedRecipe(below.recipe, tuple(recipes)), log_odds), tried


def _one(folds: Sequence[Fold], below: Candidate, column: str) -> tuple[Tried, OwnRecipe | None, list[Floats]]:
    parts = [_within(fold, column) for fold in folds]
    if any(_few(part) for part in parts):
        return Tried(column), None, []
    parent = [raw[_inside(fold, column)] for raw, fold in zip(below.log_odds, folds, strict=True)]
    found = logistic_search.search(parts)
    own = found.log_odds
    shares = stacked(parts, [parent, own])
    both = blended(shares, [parent, own])
    before, after = area(parts, parent), area(parts, both)
    certainty = chance_of_gain(parts, both, parent)
    taken = after > before and certainty >= CERTAIN and shares[1] > 0
    tried = Tried(column, round(before, 4), round(after, 4), certainty, shares[1] if taken else 0.0)
    return tried, OwnRecipe(column, found.penalty, shares[1]) if taken else None, both


def _inside(fold: Fold, column: str) -> np.typing.NDArray[np.bool_]:
    inside: np.typing.NDArray[np.bool_] = fold.window.matrix[:, fold.window.columns.index(column)] == 1.0
    return inside


def _within(fold: Fold, column: str) -> Fold:
    """The fold's rows of the segment alone."""
    inside = _inside(fold, column)
    train = fold.train.where(fold.train.matrix[:, fold.train.columns.index(column)] == 1.0)
    return replace(fold, train=train, window=fold.window.where(inside), group=fold.group[inside])


def _few(part: Fold) -> bool:
    sides = (part.train.label, part.window.label)
    return any(min(float(label.sum()), float(len(label) - label.sum())) < LEAST_CONVERTING_ROWS for label in sides)
