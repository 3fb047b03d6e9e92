"""Why a score: exact contributions, summed to concepts, in plain sentences.

The model's contributions cᵢ add up to f − f₀ (coefficients, TreeSHAP, or their weighted sum).
Calibration g maps f to the stated log-odds; each cᵢ is scaled by (g(f) − g(f₀)) / (f − f₀), in the
limit g′(f₀), so that base + Σ contributions = g(f) for every lead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import polars as pl

from scoring.bundle import Bundle
from scoring.features import FeatureSpec, Side, Vectors, catalogue
from scoring.metrics import Floats

MAX_UP, MAX_DOWN = 3, 2
"""What a sales rep reads at a glance; all other concepts are in the contributions."""
LEAST = 0.05
"""Contributions smaller than this (log-odds) are no reason."""
LEAST_CASES = 10
"""A rate of fewer leads than these says nothing, and might say too much of one of them."""
NEAR = 1e-10
STEP = 1e-4

REASON = pl.Struct(
    {
        "sentence": pl.String(),
        "contribution": pl.Float64(),
        "concept": pl.String(),
        "cases": pl.Int64(),
        "rate": pl.Float64(),
        "evidence": pl.String(),
    }
)
"""``cases``: how many training leads were alike in what weighs most in the concept (null: an old model did not keep
it). ``rate``: how often they converted, null unless it lies on the side of the average that the contribution says.
``evidence``: both in words."""
CONTRIBUTION = pl.Struct({"concept": pl.String(), "contribution": pl.Float64()})

Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Parts:
    """``base`` n, ``contributions`` n × concepts in calibrated log-odds, the concepts' names and their sides.

    ``heaviest``, n × concepts, is the place of the column that weighs most in the direction of its concept's sum.
    """

    base: Floats
    contributions: Floats
    concepts: tuple[str, ...]
    sides: tuple[Side, ...]
    heaviest: Places

    def picked(self) -> list[list[int]]:
        """Places of the concepts that are a row's reasons: up to MAX_UP up, then MAX_DOWN down, strongest first.

        What sellers did is none: a rep who is told of his own calls stops believing.
        """
        order = np.argsort(-self.contributions, axis=1, kind="stable")
        return [
            _picked([place for place in ranked if self.sides[place] is not Side.SELLER], values)
            for ranked, values in zip(order.tolist(), self.contributions.tolist(), strict=True)
        ]

    def subtotal(self, side: Side) -> Floats:
        """What the concepts of one side add together, n: all sides and the base make the log-odds."""
        total = np.zeros(len(self.base))
        for place, one in enumerate(self.sides):
            # One by one: over chosen columns numpy may add in another order for a lead alone than for a batch.
            if one is side:
                total += self.contributions[:, place]
        return total

    def all_contributions(self) -> pl.Series:
        """Every concept with its contribution: a list of structs a row."""
        count, width = self.contributions.shape
        if not width:
            return pl.Series("contributions", [[]] * count, dtype=pl.List(CONTRIBUTION))
        flat = pl.DataFrame(
            {
                "row": np.repeat(np.arange(count), width),
                "concept": pl.Series(list(self.concepts) * count, dtype=pl.String),
                "contribution": self.contributions.reshape(-1),
            }
        )
        rows = flat.group_by("row", maintain_order=True).agg(contributions=pl.struct("concept", "contribution"))
        return rows["contributions"]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The parts of each row's score, and what it takes to say them in words."""

    parts: Parts
    vectors: Vectors
    bundle: Bundle

    def reasons(self) -> pl.Series:
        """The picked concepts as REASON, strongest first: a list of structs a row."""
        picked = self.parts.picked()
        rows = np.repeat(np.arange(len(picked)), [len(places) for places in picked])
        places = np.array([place for chosen in picked for place in chosen], dtype=np.int64)
        values = self.parts.contributions[rows, places]
        texts = self._texts(np.unique(places).tolist())
        said = [texts[place][row] for row, place in zip(rows.tolist(), places.tolist(), strict=True)]
        names = [self.parts.concepts[place] for place in places.tolist()]
        behind = self._behind(rows, places, values)
        flat = [
            {"sentence": text, "contribution": value, "concept": name, "cases": cases, "rate": rate, "evidence": words}
            for text, value, name, (cases, rate, words) in zip(said, values.tolist(), names, behind, strict=True)
        ]
        ends = np.cumsum([0, *(len(chosen) for chosen in picked)]).tolist()
        lists = [flat[start:end] for start, end in pairwise(ends)]
        return pl.Series("reasons", lists, dtype=pl.List(REASON))

    def _texts(self, places: list[int]) -> dict[int, list[str]]:
        """What is to be said of the concepts at ``places``, row by row: no others, since most are nobody's reason."""
        sentences = catalogue(self.bundle.spec).sentences
        wanted = [sentences[self.parts.concepts[place]].alias(str(place)) for place in places]
        said = self.vectors.base.select(wanted)
        return {place: said[str(place)].to_list() for place in places}

    def _behind(
        self, rows: Places, places: Places, values: Floats
    ) -> list[tuple[int | None, float | None, str | None]]:
        """Cases, rate and words for contributions ``values`` of the concepts at ``places`` in ``rows``."""
        seen = self.bundle.seen
        if seen is None:
            return [(None, None, None)] * len(rows)
        columns = self.parts.heaviest[rows, places]
        leads, rates = seen.behind(columns, self.vectors.matrix[rows, columns])
        agrees = (np.sign(rates - seen.rate) == np.sign(values)) & (leads >= LEAST_CASES)
        declared = catalogue(self.bundle.spec).features
        features = [declared[self.bundle.spec.columns[column]] for column in columns.tolist()]
        return [
            (cases, rate if fits else None, _evidence(feature.label, cases, rate if fits else None, seen.rate))
            # Leads with a number near a code's have nothing in common with this one.
            if not feature.code
            else (None, None, None)
            for feature, cases, rate, fits in zip(
                features, leads.tolist(), rates.tolist(), agrees.tolist(), strict=True
            )
        ]


def explain(bundle: Bundle, vectors: Vectors) -> Explanation:
    """Explain every row of ``vectors``."""
    return Explanation(contributed(bundle, vectors.matrix), vectors, bundle)


def contributed(bundle: Bundle, matrix: Floats) -> Parts:
    """What each concept adds to each row's score; the columns of ``matrix`` are the bundle's."""
    values, scale, base = by_column(bundle, matrix)
    owned, sides = _owned(bundle.spec)
    concepts = tuple(owned)
    sums = np.zeros((values.shape[0], len(concepts)))
    heaviest = np.zeros(sums.shape, dtype=np.int64)
    for place, columns in enumerate(owned.values()):
        # Added one by one: another order of summing gives another last bit, and recorded scores must replay.
        for column in columns:
            sums[:, place] += values[:, column]
        heaviest[:, place] = columns[np.argmax(values[:, columns] * np.sign(sums[:, [place]]), axis=1)]
    return Parts(base, sums * scale[:, None], concepts, sides, heaviest)


@lru_cache(maxsize=16)
def _owned(spec: FeatureSpec) -> tuple[Mapping[str, Places], tuple[Side, ...]]:
    """The places of each concept's columns, and each concept's side, in the order in which columns name them."""
    declared = catalogue(spec)
    found: dict[str, list[int]] = {}
    for column, name in enumerate(spec.columns):
        found.setdefault(declared.features[name].concept, []).append(column)
    places = {concept: np.array(columns, dtype=np.int64) for concept, columns in found.items()}
    return places, tuple(declared.sides[concept] for concept in found)


def by_column(bundle: Bundle, matrix: Floats) -> tuple[Floats, Floats, Floats]:
    """What each column adds to each row's raw log-odds, n × k; what to multiply it by, n; the calibrated base, n."""
    raw = bundle.model.contributions(matrix)
    base_raw, parts = raw[:, -1], raw[:, :-1]
    scale, base = _scaling(bundle, base_raw, parts.sum(axis=1))
    return parts, scale, base


def _scaling(bundle: Bundle, base_raw: Floats, gap: Floats) -> tuple[Floats, Floats]:
    """(g(f) − g(f₀)) / (f − f₀) and g(f₀), where ``gap`` is f − f₀."""
    base, reached = bundle.calibration.apply(base_raw), bundle.calibration.apply(base_raw + gap)
    near = np.abs(gap) < NEAR
    slope = (bundle.calibration.apply(base_raw + STEP) - bundle.calibration.apply(base_raw - STEP)) / (2 * STEP)
    scale = np.where(near, slope, (reached - base) / np.where(near, 1.0, gap))
    return scale, base


def _picked(ranked: list[int], values: list[float]) -> list[int]:
    up = [place for place in ranked[:MAX_UP] if values[place] >= LEAST]
    down = [place for place in ranked[::-1][:MAX_DOWN] if values[place] <= -LEAST]
    return up + down


def _evidence(label: str, cases: int, rate: float | None, usual: float) -> str:
    leads = f"{cases:,} past lead{'' if cases == 1 else 's'} alike in “{label}”"
    return leads if rate is None else f"{leads}: {_percent(rate)} converted, {_percent(usual)} of all"


def _percent(share: float) -> str:
    return f"{share * 100:.1f} %" if share < 0.1 else f"{share * 100:.0f} %"
