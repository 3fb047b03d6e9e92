"""How surely a chance is known: what became of the leads that scored alike out of fold.

The rows that calibrate a model, each scored by a model that had not seen it, are cut by rising raw log-odds into bands
of about CONVERSIONS_A_BAND conversions, three to ten of them. A band's 95 % interval is Wilson's (1927; recommended for
small counts by Brown, Cai and DasGupta 2001) over the effective number of rows (Kish 1965), at most the number of
distinct leads, because a lead's snapshots repeat each other. It is kept as two
distances, in log-odds, from the band's stated chance, and interpolated between the bands' middles. The stated chance
always lies inside.

It covers the luck of the draw in calibration and where the calibration does not fit. It does not cover that leads of
one score differ in their true chances, that the future may differ from the past, or a lead unlike any that was seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.special import expit, logit

from scoring.calibration import LIMIT, Calibration
from scoring.metrics import Floats

CONVERSIONS_A_BAND, LEAST_BANDS, MOST_BANDS = 15, 3, 10
NORMAL_95 = 1.959964
WIDE_TENTHS = 300
"""An interval that spans more than 30 points of the score tells too little."""


@dataclass(frozen=True, slots=True)
class Bands:
    """Rising raw log-odds, and at each how far the interval reaches below (≤ 0) and above (≥ 0) the chance."""

    middles: tuple[float, ...]
    below: tuple[float, ...]
    above: tuple[float, ...]

    def around(self, raw: Floats, log_odds: Floats) -> tuple[Floats, Floats]:
        """Both ends, in log-odds, for leads of these raw and calibrated log-odds. Without any band: everything."""
        if not self.middles:
            return np.full(len(raw), -LIMIT), np.full(len(raw), LIMIT)
        low = log_odds + np.interp(raw, self.middles, self.below)
        high = log_odds + np.interp(raw, self.middles, self.above)
        return np.clip(low, -LIMIT, LIMIT), np.clip(high, -LIMIT, LIMIT)

    def to_json(self) -> dict[str, Any]:
        """Plain lists."""
        return {"middles": list(self.middles), "below": list(self.below), "above": list(self.above)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Bands:
        """What ``to_json`` wrote."""
        middles, below, above = (tuple(map(float, data[name])) for name in ("middles", "below", "above"))
        return cls(middles, below, above)


def learn(
    rows: pl.DataFrame, windows: Sequence[tuple[npt.NDArray[np.bool_], Floats]], calibration: Calibration
) -> Bands:
    """Bands from snapshot ``rows`` and, for each window, the mask of its rows and their out-of-fold log-odds."""
    parts = [rows.filter(pl.Series(mask)) for mask, _ in windows]
    held = pl.concat([rows.clear(), *parts])
    raw = np.concatenate([np.empty(0), *(values for _, values in windows)])
    if not len(raw):
        return Bands((), (), ())
    converting = held.filter(pl.col("label") == 1)["lead_id"].n_unique()
    count = min(max(converting // CONVERSIONS_A_BAND, LEAST_BANDS), MOST_BANDS, len(raw))
    pieces = np.array_split(np.argsort(raw, kind="stable"), count)
    found = [_band(held[piece], raw[piece], calibration) for piece in pieces]
    middles, below, above = zip(*sorted(found), strict=True)
    return Bands(middles, below, above)


def _band(rows: pl.DataFrame, raw: Floats, calibration: Calibration) -> tuple[float, float, float]:
    weight, label = rows["weight"].to_numpy(), rows["label"].cast(pl.Float64).to_numpy()
    mass = weight.sum()
    size = min(mass**2 / (weight**2).sum(), float(rows["lead_id"].n_unique()))
    low, high = wilson(float(weight @ label / mass), size)
    stated = logit(float(weight @ expit(calibration.apply(raw)) / mass))
    ends = [float(np.clip(logit(end) - stated, -LIMIT, LIMIT)) for end in (low, high)]
    return float(weight @ raw / mass), min(ends[0], 0.0), max(ends[1], 0.0)


def wilson(rate: float, size: float) -> tuple[float, float]:
    """The 95 % score interval of a share ``rate`` of ``size`` (effective) cases."""
    square = NORMAL_95**2
    middle = rate + square / (2 * size)
    spread = NORMAL_95 * np.sqrt(rate * (1 - rate) / size + square / (4 * size**2))
    whole = 1 + square / size
    return max(float((middle - spread) / whole), 0.0), min(float((middle + spread) / whole), 1.0)
