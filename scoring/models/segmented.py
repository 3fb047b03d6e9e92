"""Models of segments: where a segment's own regression says more, the two are summed; elsewhere the parent serves.

A segment is the rows with 1 in a column. Its own model is a penalised logistic regression on them, so that what counts
otherwise there (every pair of segment and fact) can be told. What the segment's own level is above or below the
parent's is the contribution of the segment's column, so that all leads have one base.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from scoring.metrics import Floats
from scoring.models import logistic
from scoring.models.contract import Model, Recipe, Training
from scoring.models.logistic import Logistic

KIND = "segmented"


@dataclass(frozen=True, slots=True)
class Own:
    """One segment's model: the place of its column, and the model's share of the sum with the parent."""

    place: int
    model: Logistic
    share: float


@dataclass(frozen=True, slots=True)
class Segmented:
    """The parent, and the segments that have models of their own."""

    parent: Model
    segments: tuple[Own, ...]
    kind: str = KIND

    def log_odds(self, matrix: Floats) -> Floats:
        """The parent's, n; in a segment the sum of both, in log-odds."""
        found = np.array(self.parent.log_odds(matrix))
        for own in self.segments:
            inside = matrix[:, own.place] == 1.0
            found[inside] = (1 - own.share) * found[inside] + own.share * own.model.log_odds(matrix[inside])
        return found

    def contributions(self, matrix: Floats) -> Floats:
        """Array n × (k + 1); the base is the parent's."""
        found = np.array(self.parent.contributions(matrix))
        for own in self.segments:
            inside = matrix[:, own.place] == 1.0
            base = found[inside, -1]
            both = (1 - own.share) * found[inside] + own.share * own.model.contributions(matrix[inside])
            both[:, own.place] += both[:, -1] - base
            both[:, -1] = base
            found[inside] = both
        return found

    def to_json(self) -> dict[str, Any]:
        """All models."""
        own = [{"place": one.place, "share": one.share, "model": one.model.to_json()} for one in self.segments]
        return {"kind": self.kind, "parent": self.parent.to_json(), "segments": own}


@dataclass(frozen=True, slots=True)
class OwnRecipe:
    """How to fit one segment's model: its column, the penalty, the share that it was found to earn."""

    column: str
    penalty: float
    share: float


@dataclass(frozen=True, slots=True)
class SegmentedRecipe:
    """How to fit the parent and the segments' models."""

    parent: Recipe
    segments: tuple[OwnRecipe, ...]
    kind: str = KIND

    def fit(self, training: Training) -> Segmented:
        """Fit the parent on all rows and each segment on its own; one without both outcomes keeps the parent."""
        places = {name: place for place, name in enumerate(training.columns)}
        own = [_own(training, one, places[one.column]) for one in self.segments if one.column in places]
        return Segmented(self.parent.fit(training), tuple(one for one in own if one is not None))


def _own(training: Training, recipe: OwnRecipe, place: int) -> Own | None:
    rows = training.where(training.matrix[:, place] == 1.0)
    if len(np.unique(rows.label)) < 2:
        return None
    return Own(place, logistic.fit(rows, recipe.penalty), recipe.share)


def from_json(data: Mapping[str, Any], read: Callable[[Mapping[str, Any]], Model]) -> Segmented:
    """The model that ``to_json`` wrote; ``read`` reads the parent."""
    own = (Own(int(one["place"]), logistic.from_json(one["model"]), float(one["share"])) for one in data["segments"])
    return Segmented(read(data["parent"]), tuple(own))
