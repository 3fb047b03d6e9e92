"""Does the test window still behave as the rows before it promised?

Two tests of what was calibrated before the window (Cox 1958: calibration in the large, and the slope), with
a bootstrap of leads. *Level*: the window's rate over the mean chance that was stated for it. *Slope*: by how
much the stated log-odds must be stretched to fit the window. A window has drifted where an interval lies
wholly beyond what is allowed: then a small error of calibration would be luck, and a large one is no fault of
the recipe, so the verdict says it in words.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.special import expit

from scoring.evaluation import Window
from scoring.models.judging import recalibrated
from scoring.words import in_percent

RESAMPLES = 100
LEVEL = 1.25
"""Rate and stated chance may be this factor apart, either way."""
SLOPES = (0.8, 1.2)
MIN_CONVERSIONS = 10


@dataclass(frozen=True, slots=True)
class Drift:
    """``stated``: mean chance; ``rate``: what came; their ratio and the slope with 95 % intervals."""

    stated: float
    rate: float
    ratio: tuple[float, float, float]
    slope: tuple[float, float, float]
    reasons: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values; ``drifted`` with the reasons in words; what is ``allowed``."""
        names = ("value", "low", "high")
        intervals = {name: dict(zip(names, getattr(self, name), strict=True)) for name in ("ratio", "slope")}
        allowed = {"ratio": [round(1 / LEVEL, 4), LEVEL], "slope": list(SLOPES)}
        told = {"drifted": bool(self.reasons), "reasons": list(self.reasons), "allowed": allowed}
        return asdict(self) | intervals | told


def judged(window: Window, seed: int) -> Drift | None:
    """None where the window converts too rarely to be judged."""
    if float(window.label @ window.weight) < MIN_CONVERSIONS or window.label.min() > 0:
        return None
    rng = np.random.default_rng(seed)
    groups = int(window.group.max()) + 1
    draws = [
        window.weight * rng.multinomial(groups, np.full(groups, 1 / groups))[window.group] for _ in range(RESAMPLES)
    ]
    whole, *found = (_measured(window, weight) for weight in [window.weight, *draws])
    low, high = np.percentile(np.array(found), [2.5, 97.5], axis=0)
    ratio, slope = (
        (round(float(a), 4), round(float(b), 4), round(float(c), 4)) for a, b, c in zip(whole, low, high, strict=True)
    )
    rate = float(np.average(window.label, weights=window.weight))
    stated = float(np.average(expit(window.log_odds), weights=window.weight))
    return Drift(round(stated, 6), round(rate, 6), ratio, slope, _reasons(stated, rate, ratio, slope))


def _measured(window: Window, weight: np.ndarray) -> tuple[float, float]:
    positive = float(weight @ window.label)
    if positive <= 0 or positive >= weight.sum():
        return 1.0, 1.0
    kept = weight > 0
    stated = float(weight @ expit(window.log_odds))
    _, slope = recalibrated(window.log_odds[kept], window.label[kept], weight[kept])
    return positive / stated, slope


def _reasons(
    stated: float, rate: float, ratio: tuple[float, float, float], slope: tuple[float, float, float]
) -> tuple[str, ...]:
    reasons = []
    if ratio[1] > LEVEL or ratio[2] < 1 / LEVEL:
        reasons.append(
            f"the conversion rate has drifted: {in_percent(rate, 1)} of the newer leads converted "
            f"where {in_percent(stated, 1)} were foretold"
        )
    if slope[1] > SLOPES[1] or slope[2] < SLOPES[0]:
        reasons.append(
            f"what predicts has drifted: differences between newer leads are {slope[0]:.2f} times as large as foretold"
        )
    return tuple(reasons)
