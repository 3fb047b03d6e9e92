"""Why a score: exact contributions, summed to concepts, in plain sentences.

The model's contributions cᵢ add up to f − f₀ (coefficients, TreeSHAP, or their weighted sum).
Calibration g maps f to the stated log-odds; each cᵢ is scaled by (g(f) − g(f₀)) / (f − f₀), in the
limit g′(f₀), so that base + Σ contributions = g(f) for every lead.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from scoring.bundle import Bundle
from scoring.features import Vectors, catalogue
from scoring.metrics import Floats

MAX_UP, MAX_DOWN = 8, 5
"""More add nothing that a reader still weighs; fewer leave most of a score to "everything else"."""
LEAST = 0.05
"""Contributions smaller than this (log-odds) are no reason."""
NEAR = 1e-6
STEP = 1e-4

REASON = pl.Struct({"sentence": pl.String(), "contribution": pl.Float64(), "concept": pl.String()})
CONTRIBUTION = pl.Struct({"concept": pl.String(), "contribution": pl.Float64()})


@dataclass(frozen=True, slots=True)
class Explanation:
    """``base`` n, ``contributions`` n × concepts in calibrated log-odds, their names and sentences."""

    base: Floats
    contributions: Floats
    concepts: tuple[str, ...]
    sentences: pl.DataFrame

    def reasons(self) -> pl.Series:
        """Up to MAX_UP reasons up, then MAX_DOWN down, strongest first: a list of structs a row."""
        texts = [self.sentences[name].to_list() for name in self.concepts]
        order = np.argsort(-self.contributions, axis=1, kind="stable")
        rows = [
            [
                {"sentence": texts[place][row], "contribution": values[place], "concept": self.concepts[place]}
                for place in _picked(ranked, values)
            ]
            for row, (ranked, values) in enumerate(zip(order.tolist(), self.contributions.tolist(), strict=True))
        ]
        return pl.Series("reasons", rows, dtype=pl.List(REASON))

    def all_contributions(self) -> pl.Series:
        """Every concept with its contribution: a list of structs a row."""
        count, width = self.contributions.shape
        flat = pl.DataFrame(
            {
                "row": np.repeat(np.arange(count), width),
                "concept": pl.Series(list(self.concepts) * count, dtype=pl.String),
                "contribution": self.contributions.reshape(-1),
            }
        )
        rows = flat.group_by("row", maintain_order=True).agg(contributions=pl.struct("concept", "contribution"))
        if not width:
            return pl.Series("contributions", [[]] * count, dtype=pl.List(CONTRIBUTION))
        return rows["contributions"]


def explain(bundle: Bundle, vectors: Vectors) -> Explanation:
    """Explain every row of ``vectors``."""
    raw = bundle.model.contributions(vectors.matrix)
    base_raw, parts = raw[:, -1], raw[:, :-1]
    scale, base = _scaling(bundle, base_raw, base_raw + parts.sum(axis=1))
    declared = catalogue(bundle.spec)
    owners = [declared.features[name].concept for name in vectors.columns]
    concepts = tuple(dict.fromkeys(owners))
    places = np.array([concepts.index(owner) for owner in owners], dtype=np.int64)
    sums = np.zeros((parts.shape[0], len(concepts)))
    for column, place in enumerate(places):
        sums[:, place] += parts[:, column]
    sentences = vectors.base.select(declared.sentences[name].alias(name) for name in concepts)
    return Explanation(base, sums * scale[:, None], concepts, sentences)


def _scaling(bundle: Bundle, base_raw: Floats, raw: Floats) -> tuple[Floats, Floats]:
    """(g(f) − g(f₀)) / (f − f₀) and g(f₀)."""
    base, reached = bundle.calibration.apply(base_raw), bundle.calibration.apply(raw)
    gap = raw - base_raw
    near = np.abs(gap) < NEAR
    slope = (bundle.calibration.apply(base_raw + STEP) - bundle.calibration.apply(base_raw - STEP)) / (2 * STEP)
    scale = np.where(near, slope, (reached - base) / np.where(near, 1.0, gap))
    return scale, base


def _picked(ranked: list[int], values: list[float]) -> list[int]:
    up = [place for place in ranked[:MAX_UP] if values[place] >= LEAST]
    down = [place for place in ranked[::-1][:MAX_DOWN] if values[place] <= -LEAST]
    return up + down
