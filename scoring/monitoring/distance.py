"""How far a window of arrivals is from those of before, and how surely, for all measures at once.

*How far.* The population stability index, Σ (p − q) ln(p / q), less what the luck of the draw adds to it: (bins − 1)
(1/n + 1/m) for n arrivals against m (the index of two samples of one population has about the distribution of χ² times
that). *How surely.* The likelihood-ratio test of homogeneity (G), which unlike Pearson's stays right where a bin
is nearly empty.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2

from scoring.metrics import Floats
from scoring.monitoring.reference import BINS, UNKNOWN
from scoring.monitoring.strata import Counts

Mask = npt.NDArray[np.bool_]
_HALF = 0.5


@dataclass(frozen=True, slots=True)
class Distance:
    """Of each measure: its index and chance against shares ``before``."""

    before: Floats
    index: Floats
    chance: Floats


def counted(places: Counts) -> Counts:
    """How often each bin occurs: measures × BINS; unknown ones are not counted."""
    width = places.shape[1]
    known = places != UNKNOWN
    flat = (np.arange(width)[None, :] * BINS + places)[known]
    return np.bincount(flat, minlength=width * BINS).reshape(width, BINS)


def tested(counts: Counts | Floats, share: Floats, worth: Floats) -> Distance:
    """The index less its expectation under no change, and the chance of G, of each measure."""
    size = counts.sum(axis=1).astype(np.float64)
    other = share * worth[:, None]
    both = counts + other
    bins = (both > 0).sum(axis=1)
    enough = (size > 0) & (worth > 0) & (bins > 1)
    whole = np.maximum(size + worth, 1.0)[:, None]
    gain = _gain(counts, both * size[:, None] / whole) + _gain(other, both * worth[:, None] / whole)
    chance = np.where(enough, chi2.sf(np.maximum(gain, 0.0), np.maximum(bins - 1, 1)), 1.0)
    p = _smoothed(counts, size, bins, both > 0)
    q = _smoothed(other, worth, bins, both > 0)
    index = np.where(both > 0, (p - q) * np.log(np.where(both > 0, p / q, 1.0)), 0.0).sum(axis=1)
    luck = (bins - 1) * (1 / np.maximum(size, 1.0) + 1 / np.maximum(worth, 1.0))
    return Distance(share, np.where(enough, index - luck, 0.0), chance)


def _gain(seen: Floats | Counts, foretold: Floats) -> Floats:
    ratio = np.divide(seen, foretold, out=np.ones(foretold.shape), where=(foretold > 0) & (seen > 0))
    return np.asarray(2 * (seen * np.log(ratio)).sum(axis=1), dtype=np.float64)


def _smoothed(seen: Floats | Counts, size: Floats, bins: Counts, met: Mask) -> Floats:
    """Shares with half a case more in each bin, so that an empty one makes no infinite index."""
    whole = (size + _HALF * bins)[:, None]
    return np.divide(seen + _HALF, whole, out=np.ones(seen.shape), where=met)


def shares(counts: Counts) -> Floats:
    """Of each measure the share of each bin."""
    return np.asarray(counts / np.maximum(counts.sum(axis=1), 1)[:, None], dtype=np.float64)
