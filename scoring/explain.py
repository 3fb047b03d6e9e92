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
class Parts:
    """``base`` n, ``contributions`` n × concepts in calibrated log-odds, and the concepts' names."""

    base: Floats
    contributions: Floats
    concepts: tuple[str, ...]

    def picked(self) -> list[list[int]]:
        """Places of the concepts that are a row's reasons: up to MAX_UP up, then MAX_DOWN down, strongest first."""
        order = np.argsort(-self.contributions, axis=1, kind="stable")
        return [
            _picked(ranked, values) for ranked, values in zip(order.tolist(), self.contributions.tolist(), strict=True)
        ]

    def strongest(self) -> pl.Series:
        """The reasons without their sentences, which need the lead's history: a list of structs a row."""
        rows = [
            [{"concept": self.concepts[place], "contribution": values[place]} for place in places]
            for places, values in zip(self.picked(), self.contributions.tolist(), strict=True)
        ]
        return pl.Series("strongest", rows, dtype=pl.List(CONTRIBUTION))

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


@dataclass(frozen=True, slots=True)
class Explanation:
    """The parts of each row's score, and what to say of each concept."""

    parts: Parts
    sentences: pl.DataFrame

    def reasons(self) -> pl.Series:
        """The picked concepts with sentence and contribution, strongest first: a list of structs a row."""
        concepts = self.parts.concepts
        texts = [self.sentences[name].to_list() for name in concepts]
        rows = [
            [
                {"sentence": texts[place][row], "contribution": values[place], "concept": concepts[place]}
                for place in places
            ]
            for row, (places, values) in enumerate(
                zip(self.parts.picked(), self.parts.contributions.tolist(), strict=True)
            )
        ]
        return pl.Series("reasons", rows, dtype=pl.List(REASON))


def explain(bundle: Bundle, vectors: Vectors) -> Explanation:
    """Explain every row of ``vectors``."""
    parts = contributed(bundle, vectors.matrix)
    sentences = catalogue(bundle.spec).sentences
    return Explanation(parts, vectors.base.select(sentences[name].alias(name) for name in parts.concepts))


def contributed(bundle: Bundle, matrix: Floats) -> Parts:
    """What each concept adds to each row's score; the columns of ``matrix`` are the bundle's."""
    raw = bundle.model.contributions(matrix)
    base_raw, parts = raw[:, -1], raw[:, :-1]
    scale, base = _scaling(bundle, base_raw, base_raw + parts.sum(axis=1))
    declared = catalogue(bundle.spec).features
    owners = [declared[name].concept for name in bundle.spec.columns]
    concepts = tuple(dict.fromkeys(owners))
    places = np.array([concepts.index(owner) for owner in owners], dtype=np.int64)
    sums = np.zeros((parts.shape[0], len(concepts)))
    for column, place in enumerate(places):
        sums[:, place] += parts[:, column]
    return Parts(base, sums * scale[:, None], concepts)


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
