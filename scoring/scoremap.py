"""The score 0–100: a monotone map of probability that stays fixed across retrainings.

``score = 100 · sigmoid(logit p − logit base)``, so that 50 is a lead with the average chance at the
time of the first training, whatever the tenant's rate. In tenths, rounded half up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from scoring.metrics import Floats

TENTHS = 1_000


@dataclass(frozen=True, slots=True)
class ScoreMap:
    """``base`` is the log-odds that score 50; fixed per (tenant, goal, horizon)."""

    base: float

    def tenths(self, log_odds: Floats) -> npt.NDArray[np.int64]:
        """The score in tenths, 0…1000."""
        return np.asarray(np.floor(expit(log_odds - self.base) * TENTHS + 0.5), dtype=np.int64)

    def tenths_of(self, chance: float) -> int:
        """The score, in tenths, of this chance."""
        return int(self.tenths(np.array([logit(chance)]))[0])

    def to_json(self) -> dict[str, Any]:
        """Plain values, to be kept and handed in again at retraining."""
        return {"base": self.base}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ScoreMap:
        """What ``to_json`` wrote."""
        return cls(float(data["base"]))
