"""Who is worth a call because the call changes something: not who converts most, but whose chance being shown raises.

One model of each arm (a T-learner: Künzel, Sekhon, Bickel and Yu 2019, PNAS 116) gives a lead two chances; the
difference is its predicted uplift. Leads are predicted by models that saw nobody of their company. Whether the order is
worth anything says the Qini coefficient (Radcliffe 2007, Using control groups to target on predicted lift): with leads
ordered by falling predicted uplift,

    g(φ) = R_t(φ) / N_t − R_c(φ) / N_c,      Q = ∫₀¹ (g(φ) − φ g(1)) dφ

where R are the conversions among the first share φ of the leads of an arm and N the arm's leads; g(1) is the effect on
everybody. Q is the extra effect over calling at random, averaged over how many are called. Its interval is a bootstrap
over companies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
from sklearn.linear_model import LogisticRegression

from scoring.experiments.comparison import UNITS, compared
from scoring.metrics import Floats

FEATURES = ("log_odds", "fit", "engagement")
CASES = pl.Schema(
    {"unit": pl.String(), "treated": pl.Boolean(), "converted": pl.Boolean()} | dict.fromkeys(FEATURES, pl.Float64())
)
"""One row a lead of a randomised arm whose outcome is known, with what its score was made of when it began to count:
the chance as log-odds, and the subtotals of what the lead is and of what it does."""

LEAST_CONVERSIONS = 200
"""Of each arm: an uplift is the difference of two small differences."""
FOLDS, DRAWS, QUARTERS = 5, 500, 4


@dataclass(frozen=True, slots=True)
class Quarter:
    """A quarter of the leads by predicted uplift, the highest first: its means, and the effect that was observed."""

    leads: int
    means: dict[str, float]
    effect: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Uplift:
    """The Qini coefficient with its 95 % interval, and quarters; none where the interval does not lie above zero."""

    qini: float
    low: float
    high: float
    quarters: tuple[Quarter, ...]

    @property
    def certain(self) -> bool:
        """Whether the order is surely better than chance."""
        return self.low > 0

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self) | {"quarters": [asdict(one) for one in self.quarters]}


def uplift(cases: pl.DataFrame, seed: int) -> Uplift | None:
    """Learn from ``cases`` (CASES) and judge the order; None with fewer than LEAST_CONVERSIONS in an arm."""
    won = cases.filter("converted")["treated"]
    if min(int(won.sum()), int((~won).sum())) < LEAST_CONVERSIONS:
        return None
    predicted = _predicted(cases, seed)
    whole = _qini(cases, predicted)
    low, high = np.quantile(_drawn(cases, predicted, seed), [0.025, 0.975])
    quarters = tuple(_quarters(cases, predicted)) if low > 0 else ()
    return Uplift(whole, float(low), float(high), quarters)


def _predicted(cases: pl.DataFrame, seed: int) -> Floats:
    """Uplift of each case by models that were not fitted on its unit."""
    units, place = np.unique(cases["unit"].to_numpy(), return_inverse=True)
    fold = np.random.default_rng(seed).integers(0, FOLDS, len(units))[place]
    matrix = cases.select(FEATURES).to_numpy()
    spread = matrix.std(axis=0)
    matrix = (matrix - matrix.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    treated, converted = cases["treated"].to_numpy(), cases["converted"].to_numpy()
    found: Floats = np.zeros(cases.height)
    for one in range(FOLDS):
        mine = fold == one
        if mine.any():
            chances = [_fitted(matrix, converted, ~mine & (treated == arm), mine) for arm in (True, False)]
            found[mine] = chances[0] - chances[1]
    return found


def _fitted(matrix: Floats, converted: Any, learned: Any, told: Any) -> Floats:
    model = LogisticRegression(C=1.0, max_iter=500).fit(matrix[learned], converted[learned])
    return np.asarray(model.predict_proba(matrix[told])[:, 1], dtype=np.float64)


def _qini(cases: pl.DataFrame, predicted: Floats, weight: Floats | None = None) -> float:
    order = np.argsort(-predicted, kind="stable")
    times = np.ones(cases.height)[order] if weight is None else weight[order]
    treated = cases["treated"].to_numpy()[order]
    converted = cases["converted"].to_numpy()[order].astype(np.float64)
    sides = []
    for arm in (True, False):
        mine = times * (treated == arm)
        sides.append(np.cumsum(mine * converted) / max(float(mine.sum()), 1.0))
    gain = sides[0] - sides[1]
    reached = np.cumsum(times) / times.sum()
    extra = np.concatenate([[0.0], gain - reached * gain[-1]])
    return float(np.trapezoid(extra, np.concatenate([[0.0], reached])))


def _drawn(cases: pl.DataFrame, predicted: Floats, seed: int) -> Floats:
    """The coefficient of samples of companies, drawn with replacement."""
    rng = np.random.default_rng(seed + 1)
    units, place = np.unique(cases["unit"].to_numpy(), return_inverse=True)
    fair = np.full(len(units), 1 / len(units))
    draws = (rng.multinomial(len(units), fair)[place].astype(np.float64) for _ in range(DRAWS))
    return np.array([_qini(cases, predicted, weight) for weight in draws])


def _quarters(cases: pl.DataFrame, predicted: Floats) -> Sequence[Quarter]:
    ordered = cases.with_columns(predicted=pl.Series(predicted)).sort("predicted", descending=True)
    edges = [round(ordered.height * step / QUARTERS) for step in range(QUARTERS + 1)]
    return [_quarter(ordered[begin:end]) for begin, end in pairwise(edges)]


def _quarter(part: pl.DataFrame) -> Quarter:
    means = {name: round(float(part[name].mean() or 0.0), 4) for name in FEATURES}  # type: ignore[arg-type] # of numbers
    seen = compared(part.select("unit", "treated", pl.col("converted").cast(pl.Float64).alias("value")).cast(UNITS))
    if seen is None:
        return Quarter(part.height, means, None, None, None)
    return Quarter(part.height, means, seen.difference, *seen.interval())
