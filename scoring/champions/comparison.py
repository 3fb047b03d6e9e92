"""Champion and challenger on the same newest rows, from which neither has learned.

Bootstrap over companies where known, else leads: both models are measured on each draw, so that what is hard for both
cancels out. A difference is the challenger's figure less the champion's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl
from scipy.special import expit

from scoring.calibration import level
from scoring.evaluation import Window, resampled
from scoring.metrics import Floats, Ranking, brier

DRAWS = 1_000
"""So many that ten of them lie beyond the one-sided bounds of 99 %."""
TRUER = 0.01
"""Chances differ where the Brier score surely does, and by more than this share of the champion's."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A figure of both models and their difference: 95 % interval, and the one-sided bounds of 99 %."""

    champion: float
    challenger: float
    difference: float
    low: float
    high: float
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both models on the same rows. ``conversions``: distinct converting leads."""

    rows: int
    conversions: int
    auc: Pair
    brier: Pair

    @property
    def less_true(self) -> bool:
        """Whether the challenger's chances are surely less true."""
        return self.brier.least > 0 and self.brier.difference > TRUER * self.brier.champion

    @property
    def truer(self) -> bool:
        """Whether the challenger's chances are surely truer."""
        return self.brier.most < 0 and self.brier.difference < -TRUER * self.brier.champion

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Comparison:
        """What ``to_json`` wrote."""
        return cls(int(data["rows"]), int(data["conversions"]), Pair(**data["auc"]), Pair(**data["brier"]))


def compared(rows: pl.DataFrame, champion: Floats, challenger: Floats, seed: int) -> Comparison | None:
    """Compare two models' calibrated log-odds of snapshot ``rows``; None where the rows have one label alone."""
    if rows["label"].n_unique() < 2:
        return None
    window = Window.of(rows, challenger)
    rankings = [Ranking.of(window.label, log_odds) for log_odds in (champion, challenger)]
    chances = [expit(champion), expit(challenger)]

    def measure(weight: Floats) -> list[float]:
        areas = [ranking.auc(weight) for ranking in rankings]
        return [*areas, *(brier(window.label, chance, weight) for chance in chances)]

    whole = measure(window.weight)
    draws = np.array([measure(weight) for weight in resampled(window, seed, DRAWS)])
    conversions = rows.filter(pl.col("label") == 1)["lead_id"].n_unique()
    return Comparison(rows.height, conversions, _pair(whole[:2], draws[:, :2]), _pair(whole[2:], draws[:, 2:]))


def levelled(rows: pl.DataFrame, champion: Floats, challenger: Floats, seed: int) -> Comparison | None:
    """Compare two trials, each brought to the rows' own rate, as the calibration that serves brings what serves.

    A trial knows nothing of how the level moved in its window, and of two the newer may well overshoot more: their
    chances as they are tell of neither's that would score. Rankings are left as they are.
    """
    if rows["label"].n_unique() < 2:
        return None
    label, weight = rows["label"].cast(pl.Float64).to_numpy(), rows["weight"].to_numpy()
    first, second = (log_odds + level(log_odds, label, weight) for log_odds in (champion, challenger))
    return compared(rows, first, second, seed)


def _pair(whole: list[float], draws: Floats) -> Pair:
    least, low, high, most = np.nanpercentile(draws[:, 1] - draws[:, 0], [1.0, 2.5, 97.5, 99.0])
    values = (whole[0], whole[1], whole[1] - whole[0], low, high, least, most)
    return Pair(*(round(float(value), 6) for value in values))
