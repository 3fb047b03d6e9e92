"""Suspect fields: undated ones that a quick probe can't do without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from scoring.features import Vectors, catalogue
from scoring.features.spec import FeatureSpec
from scoring.leakage import FieldVerdict, Verdict
from scoring.metrics import Floats, auc
from scoring.models import Training, gbm
from scoring.schema import Field, Knowledge
from scoring.splits import Mask

MOVE = 0.03
PROBE_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class Probe:
    """Training and validation rows, and which field owns each column."""

    train: Training
    valid: Training
    owners: tuple[str, ...]

    def auc(self, without: Sequence[str] = (), only: str | None = None) -> float:
        """Validation AUC of a small LightGBM on the chosen fields' columns."""
        keep = np.array([owner not in without and only in (None, owner) for owner in self.owners])
        if not keep.any():
            return 0.5
        train, valid = (
            Training(part.matrix[:, keep], part.label, part.weight, (), part.seed) for part in (self.train, self.valid)
        )
        return auc(valid.label, gbm.small_fit(train).log_odds(valid.matrix), valid.weight)


def suspects(fields: Sequence[Field], spec: FeatureSpec, training: Training, split: tuple[Mask, Mask]) -> list[FieldVerdict]:
    """A verdict on every undated field: greedy removal, strongest first."""
    raise RuntimeError
