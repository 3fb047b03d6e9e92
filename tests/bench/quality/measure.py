"""Metrics over all origins and seeds of a case, and the paired interval of the difference to a peer.

A metric of one origin is averaged over origins by their conversions and over seeds evenly. Resamples draw
leads (companies where known) once for all methods, so that differences are paired.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from scoring.evaluation import Window
from scoring.metrics import Floats, Ranking, brier, calibration_error, equal_count_bins

OURS = "ours"
LINE, CANARY = -0.01, 0.62
"""Least lower bound of the AUC difference to the best peer; what nobody may claim on the canary."""
RESAMPLES = 200
CAPACITY = 100
NAMES = ("auc", "pr_auc", "p_at_100", "lift_at_20", "brier", "ece")


@dataclass(frozen=True, slots=True)
class Judged:
    """A method's calibrated log-odds of one origin's test rows, for one seed."""

    window: Window
    log_odds: Floats


def measured(found: Sequence[Sequence[Judged]], resamples: int = RESAMPLES) -> Floats:
    """Array (1 + resamples) × metrics, the whole data first; ``found`` is origins × seeds.

    Draws depend on the origin alone, so those of two methods are the same.
    """
    total = np.zeros((1 + resamples, len(NAMES)))
    mass = 0.0
    for place, seeds in enumerate(found):
        share = float(seeds[0].window.label @ seeds[0].window.weight)
        weights = _weights(seeds[0].window, place, resamples)
        total += share * np.mean([_metrics(one, weights) for one in seeds], axis=0)
        mass += share
    result: Floats = total / mass
    return result


def best_peer(valid_auc: Mapping[str, float]) -> str:
    """The peer with the highest mean validation AUC."""
    return max(valid_auc, key=lambda name: valid_auc[name])


def interval(draws: Floats) -> tuple[float, float, float]:
    """The value on the whole data, and the 2.5 and 97.5 percentiles of its resamples."""
    low, high = np.nanpercentile(draws[1:], [2.5, 97.5])
    return float(draws[0]), float(low), float(high)


def _weights(window: Window, place: int, resamples: int) -> list[Floats]:
    rng = np.random.default_rng(place)
    groups = int(window.group.max()) + 1
    even = np.full(groups, 1 / groups)
    return [window.weight] + [window.weight * rng.multinomial(groups, even)[window.group] for _ in range(resamples)]


def _metrics(judged: Judged, weights: Sequence[Floats]) -> Floats:
    window, chance = judged.window, expit(judged.log_odds)
    ranking = Ranking.of(window.label, judged.log_odds)
    bins = equal_count_bins(chance, window.weight)
    fifth = np.array([0.2])
    return np.array(
        [
            [
                ranking.auc(weight),
                ranking.average_precision(weight),
                ranking.precision_at(weight * window.first, CAPACITY),
                float(ranking.lift(weight, fifth)[0]),
                brier(window.label, chance, weight),
                calibration_error(window.label, chance, weight, bins),
            ]
            for weight in weights
        ]
    )
