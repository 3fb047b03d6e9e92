"""An average in log-odds of the logistic regression and LightGBM."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scoring.models import gbm, logistic
from scoring.models.contract import Floats
from scoring.models.gbm import Gbm
from scoring.models.logistic import Logistic


@dataclass(frozen=True, slots=True)
class Blend:
    """``share`` of LightGBM's log-odds, the rest of the logistic regression's."""

    logistic: Logistic
    gbm: Gbm
    share: float
    kind: str = "blend"

    def log_odds(self, matrix: Floats) -> Floats:
        """Weighted sum, n."""
        return self.share * self.gbm.log_odds(matrix) + (1 - self.share) * self.logistic.log_odds(matrix)

    def contributions(self, matrix: Floats) -> Floats:
        """Weighted sum of the members' contributions, n × (k + 1)."""
        return self.share * self.gbm.contributions(matrix) + (1 - self.share) * self.logistic.contributions(matrix)

    def to_json(self) -> dict[str, Any]:
        """Both members."""
        return {
            "kind": self.kind,
            "share": self.share,
            "logistic": self.logistic.to_json(),
            "gbm": self.gbm.to_json(),
        }


def from_json(data: Mapping[str, Any]) -> Blend:
    """The blend that ``to_json`` wrote."""
    return Blend(logistic.from_json(data["logistic"]), gbm.from_json(data["gbm"]), float(data["share"]))
