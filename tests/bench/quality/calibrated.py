"""Whether stated chances come true on the test windows, beside a perfectly calibrated model on the same scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
from scipy.special import expit

from scoring.drift import judged
from scoring.metrics import calibration_error, calibration_error_by_chance, equal_count_bins
from scoring.splits import distinct_conversions
from tests.bench.quality.cases import Part
from tests.bench.quality.measure import Judged

LEAST_CONVERSIONS = 300
DRAWS = 100


def calibrations(origins: Sequence[Sequence[Part]], ours: Sequence[Sequence[Judged]]) -> list[dict[str, Any]]:
    """The first seed's figures for every test window with conversions enough."""
    found = []
    for seeds, said in zip(origins, ours, strict=True):
        rows = seeds[0].rows.filter(pl.Series(seeds[0].split.test))
        if distinct_conversions(rows) >= LEAST_CONVERSIONS:
            begun = rows["as_of"].min()
            found.append(_of(said[0], str(begun)[:10] if begun is not None else f"row {int(seeds[0].split.dev.sum())}"))
    return found


def _of(judged_window: Judged, begun: str) -> dict[str, Any]:
    window, chance = judged_window.window, expit(judged_window.log_odds)
    bins = equal_count_bins(chance, window.weight)
    perfect = calibration_error_by_chance(chance, window.weight, bins, 0, DRAWS)
    drift = judged(window, 0)
    slope = drift.slope[0] if drift else 1.0
    return {
        "from": begun,
        "error": calibration_error(window.label, chance, window.weight, bins),
        "perfect": perfect,
        "slope": slope,
        "drifted": bool(drift and drift.reasons),
        "reasons": list(drift.reasons) if drift else [],
    }
