"""Quality on a window, with bootstrap intervals, curves and baselines.

Bootstraps resample companies where known, else leads; intervals are the 2.5 and 97.5 percentiles
of RESAMPLES draws. Precision at capacity counts each lead once, at its first row of the window.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.special import expit

from scoring.bands import wilson
from scoring.metrics import (
    LIFT_SHARES,
    Floats,
    Indices,
    Ranking,
    brier,
    calibration_error,
    calibration_error_by_chance,
    equal_count_bins,
)

RESAMPLES = 200
CURVE_POINTS = 50

Value = dict[str, float | None]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Window:
    """Rows to judge on: labels, weights, calibrated log-odds, resampling group and lead of each."""

    label: Floats
    weight: Floats
    log_odds: Floats
    group: Indices
    first: Floats
    """1.0 for each lead's first row of the window, else 0.0."""

    @classmethod
    def of(cls, rows: pl.DataFrame, log_odds: Floats) -> Window:
        """From snapshot rows in time order."""
        group = resampled_together(rows)
        first = rows.select(pl.col("lead_id").is_first_distinct().cast(pl.Float64)).to_series().to_numpy()
        label = rows["label"].cast(pl.Float64).to_numpy()
        return cls(label, rows["weight"].to_numpy(), log_odds, group, first)


def resampled_together(rows: pl.DataFrame) -> Indices:
    """The number of each row's company, or of its lead where none is known: they are drawn as one."""
    keys = rows.select(pl.coalesce("company_key", pl.format("lead {}", "lead_id"))).to_series()
    found: Indices = keys.rank("dense").cast(pl.Int64).to_numpy() - 1
    return found


def evaluate(window: Window, capacity: int, seed: int) -> dict[str, Any]:
    """Every metric as {value, low, high}; None where it can't be computed.

    The calibration error has ``by_chance`` beside them: what a perfectly calibrated model would show here.
    """
    measure = _measures(window, capacity)
    whole = measure(window.weight)
    draws = np.array([measure(weight) for weight in resampled(window, seed)])
    low, high = (_percentile(draws, q) for q in (2.5, 97.5))
    values = [_value(*triple) for triple in zip(whole, low, high, strict=True)]
    names = ["auc", "pr_auc", "brier", "calibration_error", "precision_at_k"]
    metrics: dict[str, Any] = dict(zip(names, values[:5], strict=True))
    metrics["calibration_error"]["by_chance"] = _by_chance(window, seed)
    metrics["lift"] = {f"{share:.0%}".rstrip("%"): value for share, value in zip(LIFT_SHARES, values[5:], strict=True)}
    return metrics | {"k": capacity, "base_rate": _clean(float(np.average(window.label, weights=window.weight)))}


def _by_chance(window: Window, seed: int) -> float | None:
    chance = expit(window.log_odds)
    bins = equal_count_bins(chance, window.weight)
    return _clean(calibration_error_by_chance(chance, window.weight, bins, seed))


def baseline(window: Window, score: Floats, seed: int) -> dict[str, Any]:
    """AUC and lift at 20 % of a ranking that knows nothing of the model."""
    ranking = Ranking.of(window.label, score)
    shares = np.array([0.2])

    def measure(weight: Floats) -> list[float]:
        return [ranking.auc(weight), float(ranking.lift(weight, shares)[0])]

    whole = measure(window.weight)
    draws = np.array([measure(weight) for weight in resampled(window, seed)])
    low, high = (_percentile(draws, q) for q in (2.5, 97.5))
    area, lift = (_value(*triple) for triple in zip(whole, low, high, strict=True))
    return {"auc": area, "lift_at_20": lift}


def within_groups_auc(window: Window, group: Indices) -> float | None:
    """AUC inside each group (such as a snapshot date), averaged by the number of comparable pairs."""
    total, pairs = 0.0, 0.0
    for value in np.unique(group):
        chosen = group == value
        weight, label = window.weight[chosen], window.label[chosen]
        here = float((weight * label).sum() * (weight * (1 - label)).sum())
        if here > 0:
            total += here * Ranking.of(label, window.log_odds[chosen]).auc(weight)
            pairs += here
    return total / pairs if pairs else None


def curves(window: Window) -> dict[str, list[Any]]:
    """Points of the lift (share, lift), gain (share, recall), ROC and precision-recall curves, and ``reliability``."""
    ranking = Ranking.of(window.label, window.log_odds)
    positive, negative = ranking.groups(window.weight)
    if positive.sum() <= 0 or negative.sum() <= 0:
        return {"lift": [], "gain": [], "roc": [], "pr": [], "reliability": []}
    hits, misses = np.cumsum(positive), np.cumsum(negative)
    recall, fallout = hits / positive.sum(), misses / negative.sum()
    even = np.linspace(0.0, 1.0, CURVE_POINTS)
    # Even steps of recall as well as of rank: conversions crowd among the first ranks.
    ranks = np.concatenate([even * (len(hits) - 1), np.searchsorted(recall, even[1:-1])])
    picked = np.unique(ranks.astype(np.int64))
    reached = picked[hits[picked] > 0]
    shares = np.linspace(0.02, 1.0, CURVE_POINTS)
    lift = ranking.lift(window.weight, shares)
    return {
        "lift": _points(shares, lift),
        "gain": _points(shares, lift * shares),
        "roc": [[0.0, 0.0], *_points(fallout[picked], recall[picked])],
        "pr": _points(recall[reached], (hits / (hits + misses))[reached]),
        "reliability": _reliability(window),
    }


def _reliability(window: Window) -> list[dict[str, float]]:
    """Each bin's mean stated chance, its rate with Wilson's interval, its rows and how many of them converted."""
    chance = expit(window.log_odds)
    bins = equal_count_bins(chance, window.weight)
    return [_bin(window, chance, bins == number) for number in np.unique(bins)]


def _bin(window: Window, chance: Floats, chosen: Mask) -> dict[str, float]:
    weight, label = window.weight[chosen], window.label[chosen]
    rate = float(np.average(label, weights=weight))
    size = min(float(weight.sum() ** 2 / (weight**2).sum()), float(len(np.unique(window.group[chosen]))))
    low, high = wilson(rate, size)
    found = {"stated": float(np.average(chance[chosen], weights=weight)), "observed": rate, "low": low, "high": high}
    counts = {"rows": int(chosen.sum()), "conversions": int(label.sum())}
    return {name: round(value, 5) for name, value in found.items()} | counts


def _measures(window: Window, capacity: int) -> Callable[[Floats], list[float]]:
    ranking = Ranking.of(window.label, window.log_odds)
    chance = expit(window.log_odds)
    bins = equal_count_bins(chance, window.weight)
    shares = np.array(LIFT_SHARES)

    def measure(weight: Floats) -> list[float]:
        return [
            ranking.auc(weight),
            ranking.average_precision(weight),
            brier(window.label, chance, weight),
            calibration_error(window.label, chance, weight, bins),
            ranking.precision_at(weight * window.first, capacity),
            *ranking.lift(weight, shares).tolist(),
        ]

    return measure


def resampled(window: Window, seed: int, draws: int = RESAMPLES) -> Iterator[Floats]:
    """The rows' weights in each of so many draws of groups."""
    rng = np.random.default_rng(seed)
    groups = int(window.group.max()) + 1
    chances = np.full(groups, 1 / groups)
    for _ in range(draws):
        yield window.weight * rng.multinomial(groups, chances)[window.group]


def interval(value: float, draws: Floats) -> Value:
    """A figure with the 2.5 and 97.5 percentiles of its draws; None where there is none."""
    low, high = (float(_percentile(draws[:, None], q)[0]) for q in (2.5, 97.5))
    return _value(value, low, high)


def _percentile(draws: Floats, q: float) -> Floats:
    known = ~np.isnan(draws).all(axis=0)
    result = np.full(draws.shape[1], float("nan"))
    result[known] = np.nanpercentile(draws[:, known], q, axis=0)
    return result


def _value(value: float, low: float, high: float) -> Value:
    return {"value": _clean(value), "low": _clean(low), "high": _clean(high)}


def _clean(value: float) -> float | None:
    return None if math.isnan(value) else round(float(value), 6)


def _points(xs: Floats, ys: Floats) -> list[list[float]]:
    return [[round(float(x), 5), round(float(y), 5)] for x, y in zip(xs, ys, strict=True)]
