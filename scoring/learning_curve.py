"""What more leads would bring: the recipe fitted on growing shares of the leads, and a law through the figures.

The law is AUC(n) = a − b·n^(−c), the inverse power law of learning curves (Figueroa et al. 2012; Viering and Loog
2023), n the leads learned from. Its gain for MORE further leads carries an interval: the test's leads are resampled,
paired over all points, and the points' own misfit is added. The interval does not cover that the law may not go on.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scoring.ground import Ground
from scoring.metrics import Floats, Indices, Ranking, auc
from scoring.models.judging import log_loss, recalibrated

SHARES = (0.25, 0.5, 0.75, 1.0)
"""Of the greatest part that is fitted again, at most LARGEST of all rows; all rows are the trial's own model."""
LARGEST = 0.8
MORE = 500
MIN_CONVERSIONS, MIN_POINTS, MIN_TEST = 5, 4, 20
EXPONENTS = (0.25, 0.375, 0.5, 0.625, 0.75, 1.0)
DRAWS = 200
WORTH = 0.005
"""A gain of less AUC than this is called flat."""


def learning_curve(ground: Ground, leads: int) -> dict[str, Any] | None:
    """Points (leads, AUC, log-loss), the law, and the gain that MORE leads beyond ``leads`` would bring, in words.

    None where too few conversions are there to learn from in parts, or to judge by.
    """
    if float(ground.label.sum()) < MIN_TEST or ground.label.min() == ground.label.max():
        return None
    parts = [part for part in _parts(ground) if ground.converting(part) >= MIN_CONVERSIONS]
    sizes = [*(len(np.unique(ground.lead[part > 0])) for part in parts), len(np.unique(ground.lead))]
    if len(sizes) < MIN_POINTS:
        return None
    scores = [*(ground.fitted(part) for part in parts), ground.log_odds]
    counts = np.array(sizes, dtype=np.float64)
    reached = np.array([auc(ground.label, score, ground.weight) for score in scores])
    law = _law(counts, reached)
    draws = _gains(ground, counts, scores, reached - _on(law, counts), leads)
    gain = {
        "value": _gain(law, leads),
        "low": float(np.quantile(draws, 0.025)),
        "high": float(np.quantile(draws, 0.975)),
    }
    points = [
        {"leads": size, "auc": round(float(area), 5), "log_loss": round(_loss(ground, score), 5)}
        for size, area, score in zip(sizes, reached, scores, strict=True)
    ]
    told = {name: round(value, 5) for name, value in gain.items()}
    names = ("ceiling", "scale", "exponent")
    return {
        "points": points,
        "law": {name: round(value, 6) for name, value in zip(names, law, strict=True)},
        "leads": leads,
        "more": MORE,
        "gain": told,
        "sentence": sentence(**told),
    }


def sentence(value: float, low: float, high: float) -> str:
    """What ``MORE`` leads would bring, with as much certainty as there is."""
    more = f"{MORE} more matured leads"
    if high < WORTH:
        return (
            f"The curve is flat: {more} would bring less than +{WORTH:.3f} AUC. More of the same helps little; "
            "other facts about the leads might help more."
        )
    between = f"{_signed(low)} to {_signed(high)}"
    if low > 0:
        return f"{more} would bring about {_signed(value)} AUC (95 % {between}), if the curve goes on as it did."
    return f"What {more} would bring can't be told yet: {between} AUC."


def _parts(ground: Ground) -> list[Indices]:
    """Growing parts of the training rows, each holding the one before: whole groups by lot."""
    sizes = np.bincount(ground.group)
    order = np.random.default_rng(ground.seed).permutation(len(sizes))
    reached = np.cumsum(sizes[order])
    largest = min(LARGEST * len(ground.group), ground.fit_rows)
    parts = []
    for share in SHARES:
        drawn = np.zeros(len(sizes), dtype=np.int64)
        drawn[order[: int(np.searchsorted(reached, share * largest, side="right"))]] = 1
        parts.append(drawn[ground.group])
    return parts


def _law(counts: Floats, reached: Floats) -> tuple[float, float, float]:
    """Ceiling a, scale b and exponent c of least squares, larger trainings weighing more."""
    weight = np.sqrt(counts / counts.sum())
    found = []
    for exponent in EXPONENTS:
        design = np.column_stack([np.ones(len(counts)), -(counts**-exponent)])
        (ceiling, scale), *_ = np.linalg.lstsq(design * weight[:, None], reached * weight, rcond=None)
        miss = float((((design @ [ceiling, scale] - reached) * weight) ** 2).sum())
        found.append((miss, float(ceiling), float(scale), exponent))
    _, ceiling, scale, exponent = min(found)
    return ceiling, scale, exponent


def _on(law: tuple[float, float, float], counts: Floats) -> Floats:
    ceiling, scale, exponent = law
    line: Floats = ceiling - scale * counts**-exponent
    return line


def _gain(law: tuple[float, float, float], leads: int) -> float:
    now, then = _on(law, np.array([leads, leads + MORE], dtype=np.float64))
    return float(then - now)


def _gains(ground: Ground, counts: Floats, scores: list[Floats], misfit: Floats, leads: int) -> Floats:
    """The gain over resamples of the test's groups, with the points' misfit dealt out anew."""
    rng = np.random.default_rng(ground.seed)
    rankings = [Ranking.of(ground.label, score) for score in scores]
    groups = int(ground.test_group.max()) + 1
    even = np.full(groups, 1 / groups)
    swelled = misfit * np.sqrt(len(counts) / (len(counts) - 3))
    gains = []
    for _ in range(DRAWS):
        weight = ground.weight * rng.multinomial(groups, even)[ground.test_group]
        reached = np.array([ranking.auc(weight) for ranking in rankings]) + rng.choice(swelled, len(counts))
        if not np.isnan(reached).any():
            gains.append(_gain(_law(counts, reached), leads))
    return np.array(gains)


def _loss(ground: Ground, score: Floats) -> float:
    """Log-loss after the best intercept and slope: what the ranking is worth once it is calibrated."""
    intercept, slope = recalibrated(score, ground.label, ground.weight)
    return log_loss(intercept + slope * score, ground.label, ground.weight)


def _signed(value: float) -> str:
    return f"{value:+.3f}".replace("-", "−")
