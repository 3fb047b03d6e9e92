"""The ladder: which recipe serves is decided on the validation period."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scoring.metrics import auc
from scoring.models import gbm, logistic
from scoring.models.blend import Blend
from scoring.models.contract import Floats, Model, Training

SHARES = (0.0, 1.0, 0.5, 0.25, 0.75)
"""Shares of LightGBM in the blend, the simplest first."""
SIMPLER = 0.002
"""A more complex recipe must beat a simpler one by more than this validation AUC."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to fit the chosen model again on other rows."""

    penalty: float
    trees: gbm.Recipe
    share: float

    @property
    def kind(self) -> str:
        """The kind of model that this recipe yields."""
        return {0.0: "logistic", 1.0: "lightgbm"}.get(self.share, "blend")

    def fit(self, training: Training) -> Model:
        """Fit on ``training``."""
        if self.share == 0.0:
            return logistic.fit(training, self.penalty)
        if self.share == 1.0:
            return gbm.fit(training, self.trees)
        return Blend(logistic.fit(training, self.penalty), gbm.fit(training, self.trees), self.share)


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen recipe, every candidate's validation AUC, and the chosen one's validation log-odds."""

    recipe: Recipe
    candidates: dict[str, float]
    log_odds: Floats


def choose(train: Training, valid: Training) -> Choice:
    """Fit the candidates on ``train`` and pick by AUC on ``valid``, simpler first within SIMPLER."""
    linear = {penalty: logistic.fit(train, penalty).log_odds(valid.matrix) for penalty in logistic.PENALTIES}
    penalty = max(linear, key=lambda value: auc(valid.label, linear[value], valid.weight))
    trees = gbm.search(train, valid)
    boosted = gbm.fit(train, trees).log_odds(valid.matrix)
    mixed = {share: share * boosted + (1 - share) * linear[penalty] for share in SHARES}
    areas = {share: auc(valid.label, scores, valid.weight) for share, scores in mixed.items()}
    share = SHARES[0]
    for other in SHARES[1:]:
        if areas[other] > areas[share] + SIMPLER:
            share = other
    names = {f"{_name(value)}": round(area, 4) for value, area in areas.items()}
    return Choice(Recipe(penalty, trees, share), names, np.asarray(mixed[share]))


def _name(share: float) -> str:
    return {0.0: "logistic", 1.0: "lightgbm"}.get(share, f"blend with {share:.0%} lightgbm")
