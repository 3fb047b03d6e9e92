"""Changes of exactly what is claimed to be found: an index of .25, or 20 points of missing values.

The index is that of ten bins and, as is usual, one more for missing values: a feature that is known of half of the
people must change twice as much among these.
"""

from __future__ import annotations

import numpy as np

from tests.bench.drift.world import Altered, Floats, Tenant

KINDS = ("higher", "lower", "wider", "others", "missing")
INDEX, POINTS = 0.25, 0.20
FLAG = 2
_SAMPLE, _STEPS = 40_000, 30
_LIMITS = {"higher": 3.0, "lower": 3.0, "wider": 4.0, "others": 1.0}


def altered(tenant: Tenant, place: int, kind: str) -> Altered:
    """What becomes of the feature's cells from the change on."""
    traits = tenant.traits()
    if kind == "missing":
        share = POINTS / (1 - float(traits.missing[place]))
        return lambda cells, rng: np.where(rng.random(len(cells)) < share, -1.0, cells)
    cut = float(traits.cut[place]) if traits.kind[place] == FLAG else None
    strength = _strength(kind, cut, INDEX / (1 - float(traits.missing[place])))
    return lambda cells, rng: _moved(cells, kind, strength, rng)


def _moved(cells: Floats, kind: str, strength: float, rng: np.random.Generator) -> Floats:
    if kind == "others":
        return np.where(rng.random(len(cells)) < strength, rng.normal(2.0, 0.7, len(cells)), cells)
    if kind == "wider":
        return cells * (1 + strength)
    return cells + (strength if kind == "higher" else -strength)


def _strength(kind: str, cut: float | None, wanted: float) -> float:
    """How strong a change of a bell-shaped feature (or a flag cut from one) has an index as wanted, by halving."""
    usual = np.random.default_rng(5).normal(0, 1, _SAMPLE)
    low, high = 0.0, _LIMITS[kind]
    for _ in range(_STEPS):
        middle = (low + high) / 2
        found = index(usual, _moved(usual, kind, middle, np.random.default_rng(6)), cut)
        low, high = (middle, high) if found < wanted else (low, middle)
    return high


def index(before: Floats, after: Floats, cut: float | None) -> float:
    """The population stability index over tenths of ``before``, or of the flag."""
    edges = [cut] if cut is not None else np.quantile(before, np.arange(1, 10) / 10)
    p, q = (
        np.bincount(np.searchsorted(edges, cells), minlength=len(edges) + 1) / len(cells) for cells in (before, after)
    )
    return float(((q - p) * np.log((q + 1e-12) / (p + 1e-12))).sum())
