"""What is usually tried where conversions are rare: class weights, focal loss, SMOTE.

All three bend the chances that a model states, which calibration then bends back; what is left is another
ranking, better or worse. So they are candidates that must win (``choose``), never the default. Moving the
threshold is no matter of the model: tiers by share or capacity are just that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import lightgbm as lgb
import numpy as np
from scipy.special import expit

from scoring.models import gbm, scaling
from scoring.models.contract import Floats, Model, Recipe, Training, rate
from scoring.models.extras import library

NEIGHBOURS = 5
FOCUS = 2.0
"""The exponent γ that Lin et al. (2017) recommend."""
LEAST_CURVATURE = 1e-6


@dataclass(frozen=True, slots=True)
class Weighted:
    """``inner`` on rows whose two classes weigh the same."""

    inner: Recipe
    kind: str = "weighted"

    def fit(self, training: Training) -> Model:
        """Fit ``inner`` on the reweighted rows."""
        share = float(np.average(training.label, weights=training.weight))
        even = np.where(training.label == 1, 0.5 / max(share, 1e-9), 0.5 / max(1 - share, 1e-9))
        return self.inner.fit(replace(training, weight=training.weight * even))


@dataclass(frozen=True, slots=True)
class Smote:
    """``inner`` on rows to which converted leads were added that lie between real ones (Chawla et al. 2002)."""

    inner: Recipe
    kind: str = "smote"

    def fit(self, training: Training) -> Model:
        """Fit ``inner`` on the rows and the made-up ones."""
        return self.inner.fit(oversampled(training))


@dataclass(frozen=True, slots=True)
class Focal:
    """LightGBM with the focal loss, which makes less of rows that are told apart already."""

    inner: gbm.Recipe
    kind: str = "focal"

    def fit(self, training: Training) -> Model:
        """Fit from the rate on; the model lacks that constant, which calibration gives back."""
        data = gbm.dataset(training)
        chance = rate(training)
        data.set_init_score(np.full(len(training.label), np.log(chance / (1 - chance))))
        settings: dict[str, Any] = {**gbm.typed(self.inner.params, training.seed), "metric": "none"}
        settings["objective"] = focal_loss(training.label, training.weight)
        booster = lgb.train(settings, data, num_boost_round=self.inner.rounds)
        return gbm.Gbm(booster.model_to_string(num_iteration=-1))


def oversampled(training: Training) -> Training:
    """Rows with as many of the rarer class as of the other.

    Neighbours are sought among scaled values, unknown ones at the mean. A made-up row weighs as its class does on
    average and lacks what some row of its class lacks: else a value that is known would tell the class.
    """
    label = training.label
    rarer = float(label.mean() < 0.5)
    few = int((label == rarer).sum())
    if few < 2 or 2 * few >= len(label):
        return training
    scaled = scaling.learn(training.matrix)
    values, _ = scaled.standardised(training.matrix)
    sampler = library("smote").SMOTE(random_state=training.seed, k_neighbors=min(NEIGHBOURS, few - 1))
    found, _ = sampler.fit_resample(values, label)
    made = scaled.raw(np.asarray(found)[len(label) :])
    real = np.flatnonzero(label == rarer)
    holes = np.random.default_rng(training.seed).choice(real, len(made))
    made[np.isnan(training.matrix[holes])] = np.nan
    weight = float(training.weight[real].mean())
    return replace(
        training,
        matrix=np.concatenate([training.matrix, made]),
        label=np.concatenate([label, np.full(len(made), rarer)]),
        weight=np.concatenate([training.weight, np.full(len(made), weight)]),
        course=None,
        young=None,
        day=None,
    )


def focal_loss(label: Floats, weight: Floats, focus: float = FOCUS) -> Callable[..., tuple[Floats, Floats]]:
    """First and second derivatives of −(1 − p)^γ · log p by the log-odds, p being the chance of what happened."""
    side = np.where(label == 1, 1.0, -1.0)

    def derivatives(line: Floats, _data: lgb.Dataset) -> tuple[Floats, Floats]:
        p = np.clip(expit(side * line), 1e-9, 1 - 1e-9)
        q, log = 1 - p, np.log(p)
        first = side * q**focus * (focus * p * log - q)
        second = p * q**focus * (q * (1 + 2 * focus) + focus * log * (q - focus * p))
        return weight * first, weight * np.maximum(second, LEAST_CURVATURE)

    return derivatives
