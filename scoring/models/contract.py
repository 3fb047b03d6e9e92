"""What every model is: raw log-odds, exact contributions to them, and plain data to store."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

CHUNK_ROWS = 50_000
"""Rows worked on at once, so that memory stays flat for a million leads."""


@dataclass(frozen=True, slots=True)
class Course:
    """What became of rows until the training's present, in days: ``delay`` until the conversion (infinite: none
    so far) and for how long each was ``followed``; ``horizon``: the span that the label speaks of."""

    delay: Floats
    followed: Floats
    horizon: float

    def where(self, mask: npt.NDArray[np.bool_]) -> Course:
        """The rows of ``mask``."""
        return replace(self, delay=self.delay[mask], followed=self.followed[mask])


@dataclass(frozen=True, slots=True)
class Training:
    """Rows to learn from: matrix n × k (NaN: unknown), 0/1 labels, positive weights, seed.

    ``concepts``: what each column is explained under; where it is empty, each column stands for itself.
    ``course``: None where outcomes have no date. ``young``: rows that have not been followed for the whole horizon;
    their labels are not final. ``day``: when each row stands, in days; None where rows have no time.
    """

    matrix: Floats
    label: Floats
    weight: Floats
    columns: tuple[str, ...]
    seed: int
    concepts: tuple[str, ...] = ()
    course: Course | None = None
    young: Training | None = None
    day: Floats | None = None

    def where(self, mask: npt.NDArray[np.bool_]) -> Training:
        """The rows of ``mask``, without the young ones."""
        course = self.course.where(mask) if self.course else None
        return replace(
            self,
            matrix=self.matrix[mask],
            label=self.label[mask],
            weight=self.weight[mask],
            course=course,
            young=None,
            day=None if self.day is None else self.day[mask],
        )

    def sampled(self, most: int) -> Training:
        """At most ``most`` rows, drawn by the seed, and the same share of the young ones."""
        count = len(self.label)
        if count <= most:
            return self
        rng = np.random.default_rng(self.seed)
        mask = np.zeros(count, dtype=bool)
        mask[rng.choice(count, most, replace=False)] = True
        young = self.young and self.young.where(rng.random(len(self.young.label)) < most / count)
        return replace(self.where(mask), young=young)


class Model(Protocol):
    """A fitted model over the columns that it was trained on."""

    @property
    def kind(self) -> str:
        """Its name in bundles and reports."""
        ...

    def log_odds(self, matrix: Floats) -> Floats:
        """Raw (uncalibrated) log-odds, n."""
        ...

    def contributions(self, matrix: Floats) -> Floats:
        """Array n × (k + 1): what each column adds; the last column is the base. Rows sum to ``log_odds``."""
        ...

    def to_json(self) -> dict[str, Any]:
        """Plain values that ``models.from_json`` reads."""
        ...


class Recipe(Protocol):
    """How to fit a model again on other rows."""

    @property
    def kind(self) -> str:
        """The kind of model that it yields."""
        ...

    def fit(self, training: Training) -> Model:
        """Fit on ``training``."""
        ...


def rate(training: Training) -> float:
    """The weighted share of conversions, smoothed towards 5 % by 20 rows so that it is never 0 or 1."""
    positives = float(training.weight @ training.label)
    return (positives + 1.0) / (float(training.weight.sum()) + 20.0)
