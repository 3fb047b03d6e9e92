"""The few facts that a model may look at where its owner accepts no more: those that move a simple model most.

A fact is what people read as one (``Feature.concept``): a field with all its values, all visits of a site. Which ones
are kept is found by a logistic regression on the rows before the test, so that the test judges the choice as well.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from scoring.features import FeatureSpec, catalogue
from scoring.models import Training, logistic

_PENALTY = 0.01
_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Facts:
    """How many facts there were, and those that were kept, the strongest first."""

    offered: int
    kept: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"offered": self.offered, "kept": list(self.kept)}


def of(spec: FeatureSpec) -> set[str]:
    """The facts that a spec's columns tell of."""
    declared = catalogue(spec).features
    return {declared[name].concept for name in spec.columns}


def strongest(rows: Training, most: int) -> Facts:
    """The ``most`` facts whose contributions to the log-odds vary most over ``rows``."""
    rows = rows.sampled(_ROWS)
    parts = logistic.fit(rows, _PENALTY).contributions(rows.matrix)
    concepts = np.array(rows.concepts)
    spread = {
        str(concept): float(np.std(parts[:, :-1][:, concepts == concept].sum(axis=1)))
        for concept in np.unique(concepts)
    }
    ranked = sorted(spread, key=lambda concept: (-spread[concept], concept))
    return Facts(len(ranked), tuple(ranked[:most]))


def restricted(spec: FeatureSpec, kept: Collection[str]) -> tuple[FeatureSpec, npt.NDArray[np.bool_]]:
    """``spec`` with the columns of these facts alone, and which of its columns they are."""
    declared = catalogue(spec).features
    mask = np.array([declared[name].concept in kept for name in spec.columns], dtype=bool)
    columns = tuple(name for name, holds in zip(spec.columns, mask, strict=True) if holds)
    return replace(spec, columns=columns), mask
