"""What moves the scores, over a sample of the rows: by feature, and by concept with its spread and direction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import rankdata

from scoring.bundle import Bundle
from scoring.explain import by_column
from scoring.features import catalogue
from scoring.metrics import Floats

ROWS = 2_000
CONCEPTS, DOTS = 15, 80
"""Kept with single leads' contributions, for a drawing."""
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True, slots=True)
class Influence:
    """``features``: every column with its mean absolute contribution (raw log-odds), strongest first.

    ``concepts``: the strongest concepts in calibrated log-odds, as scores are explained: mean absolute contribution,
    quantiles, the column that weighs most in it, ``direction`` (the correlation of that column's ranks with the
    contribution: +1 more is better), and ``dots``, pairs of one lead's contribution and its value's rank (0 lowest,
    1 highest, None unknown).
    """

    features: list[dict[str, Any]]
    concepts: list[dict[str, Any]]


def influence(bundle: Bundle, matrix: Floats, seed: int) -> Influence:
    """Explain a seeded sample of the rows of ``matrix``."""
    width = matrix.shape[1]
    if not matrix.size:
        return Influence(_features(bundle, np.zeros(width)), [])
    chosen = np.sort(np.random.default_rng(seed).permutation(matrix.shape[0])[:ROWS])
    sample = matrix[chosen]
    raw, scale, _ = by_column(bundle, sample)
    weights: Floats = np.abs(raw).mean(axis=0)
    return Influence(_features(bundle, weights), _concepts(bundle, sample, raw * scale[:, None]))


def _features(bundle: Bundle, weights: Floats) -> list[dict[str, Any]]:
    """Each column's weight; the codes of one concept stand together under its name."""
    declared, found = catalogue(bundle.spec).features, dict[str, dict[str, Any]]()
    for column, weight in zip(bundle.spec.columns, weights, strict=True):
        feature = declared[column]
        name, label = (feature.concept, feature.concept) if feature.code else (column, feature.label)
        told = {"name": name, "label": label, "family": feature.family.value, "concept": feature.concept}
        entry = found.setdefault(name, told | {"importance": 0.0})
        entry["importance"] = round(entry["importance"] + float(weight), 6)
    return sorted(found.values(), key=lambda entry: (-float(str(entry["importance"])), str(entry["name"])))


def _concepts(bundle: Bundle, sample: Floats, values: Floats) -> list[dict[str, Any]]:
    declared = catalogue(bundle.spec).features
    owners = [declared[name].concept for name in bundle.spec.columns]
    found = []
    for concept in dict.fromkeys(owners):
        columns = [place for place, owner in enumerate(owners) if owner == concept]
        leading = max(columns, key=lambda place: float(np.abs(values[:, place]).mean()))
        first = declared[bundle.spec.columns[leading]]
        label = concept if first.code else first.label
        found.append(_concept(concept, label, values[:, columns].sum(axis=1), sample[:, leading]))
    found.sort(key=lambda one: (-one["mean_absolute"], one["concept"]))
    return found[:CONCEPTS]


def _concept(concept: str, leading: str, added: Floats, value: Floats) -> dict[str, Any]:
    ranks = _ranks(value)
    every = max(1, -(-len(added) // DOTS))
    dots: Sequence[tuple[float, float]] = list(zip(added[::every], ranks[::every], strict=True))
    return {
        "concept": concept,
        "leading": leading,
        "mean_absolute": round(float(np.abs(added).mean()), 5),
        "quantiles": [round(float(part), 4) for part in np.quantile(added, QUANTILES)],
        "direction": _direction(added, ranks),
        "dots": [[round(float(x), 3), None if np.isnan(rank) else round(float(rank), 2)] for x, rank in dots],
    }


def _ranks(value: Floats) -> Floats:
    """0 the lowest value of the sample, 1 the highest, NaN where unknown."""
    known = ~np.isnan(value)
    ranks = np.full(len(value), np.nan)
    if known.sum() > 1 and np.ptp(value[known]) > 0:
        places = rankdata(value[known])
        ranks[known] = (places - places.min()) / (places.max() - places.min())
    else:
        ranks[known] = 0.5
    return ranks


def _direction(added: Floats, ranks: Floats) -> float | None:
    known = ~np.isnan(ranks)
    if known.sum() < 3 or np.ptp(ranks[known]) == 0 or np.ptp(added[known]) == 0:
        return None
    return round(float(np.corrcoef(ranks[known], rankdata(added[known]))[0, 1]), 3)
