"""What a conversion of a lead would bring, learned from the conversions whose amount is known.

Logarithms of amounts on the standardised inputs by ridge regression, its strength chosen by generalised
cross-validation (Golub, Heath and Wahba 1979), brought back by Duan's smearing (1983), so that the mean is right. It
must foretell the newest quarter of the conversions better than their plain mean does, or the plain mean serves.
Expected value = chance × amount; it is an estimate, in whole hundredths of the currency.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from sklearn.linear_model import RidgeCV

from scoring.metrics import Floats
from scoring.models import scaling
from scoring.models.scaling import Scaling

LEAST = 10
"""Conversions with an amount, under which nothing is said."""
LEAST_LEARNED = 60
"""… under which the mean serves everyone."""
HELD_SHARE = 0.25
STRENGTHS = (10.0, 30.0, 100.0, 300.0, 1_000.0, 3_000.0)


@dataclass(frozen=True, slots=True)
class Worth:
    """``mean`` of the amounts, in hundredths of ``currency``, and, where it foretells better, a regression.

    ``low`` and ``high`` are the extremes that were seen: no estimate goes beyond them.
    """

    currency: str | None
    count: int
    mean: float
    low: float
    high: float
    scaling: Scaling | None = None
    coef: tuple[float, ...] = ()
    intercept: float = 0.0
    smearing: float = 1.0

    def amounts(self, matrix: Floats) -> Floats:
        """The amount expected if the lead converts, in hundredths, n."""
        if self.scaling is None:
            return np.full(len(matrix), self.mean)
        design = self.scaling.design(matrix)
        # Summed row by row: a product of matrices rounds differently with other neighbours.
        told = (design * np.asarray(self.coef)).sum(axis=1) + self.intercept
        amounts: Floats = np.clip(np.exp(told) * self.smearing, self.low, self.high)
        return amounts

    def told(self) -> dict[str, Any]:
        """What people are told of it: hundredths of the currency."""
        return {name: getattr(self, name) for name in _PLAIN[:5]} | {"learned": self.scaling is not None}

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        plain = {name: getattr(self, name) for name in _PLAIN}
        return plain | {"coef": list(self.coef), "scaling": None if self.scaling is None else self.scaling.to_json()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Worth:
        """What ``to_json`` wrote."""
        known = None if data["scaling"] is None else scaling.from_json(data["scaling"])
        return cls(**{name: data[name] for name in _PLAIN}, coef=tuple(map(float, data["coef"])), scaling=known)


_PLAIN = ("currency", "count", "mean", "low", "high", "intercept", "smearing")


def learn(rows: pl.DataFrame, matrix: Floats, amounts: pl.DataFrame) -> Worth | None:
    """From the snapshot ``rows``, their vectors, and the AMOUNTS of conversions; None where too few are known.

    A converted lead is learned from as it was at its last row before the conversion. Of several currencies the most
    frequent one counts.
    """
    paid = amounts.filter(pl.col("amount") > 0)
    if paid.height < LEAST:
        return None
    used = paid.group_by("currency").len().sort(["len", "currency"], descending=[True, False])["currency"][0]
    paid = paid.filter(pl.col("currency").eq_missing(pl.lit(used, pl.String)))
    if paid.height < LEAST:
        return None
    known = paid["amount"].cast(pl.Float64).to_numpy()
    plain = Worth(used, paid.height, float(known.mean()), float(known.min()), float(known.max()))
    first = paid.sort("at").group_by("lead_id", maintain_order=True).agg(pl.col("amount", "at").first())
    won = rows.with_row_index("place").filter(pl.col("label") == 1).join(first, on="lead_id", maintain_order="left")
    won = won.sort("order", "place").unique("lead_id", keep="last", maintain_order=True)
    if won.height < LEAST_LEARNED or plain.low == plain.high:
        return plain
    return _learned(plain, matrix[won["place"].to_numpy()], won["amount"].cast(pl.Float64).to_numpy()) or plain


def _learned(plain: Worth, matrix: Floats, amounts: Floats) -> Worth | None:
    """The regression on all, if one on the older three quarters beats the mean on the newest."""
    cut = int(len(amounts) * (1 - HELD_SHARE))
    old, new = amounts[:cut], amounts[cut:]
    trial = _fitted(plain, matrix[:cut], old)
    missed = np.abs(np.log(trial.amounts(matrix[cut:]) / trial.smearing) - np.log(new)).mean()
    usual = np.abs(np.log(old).mean() - np.log(new)).mean()
    return _fitted(plain, matrix, amounts) if missed < usual else None


def _fitted(plain: Worth, matrix: Floats, amounts: Floats) -> Worth:
    known = scaling.learn(matrix)
    design, target = known.design(matrix), np.log(amounts)
    found = RidgeCV(alphas=STRENGTHS).fit(design, target)
    smearing = float(np.exp(target - found.predict(design)).mean())
    return Worth(
        plain.currency,
        plain.count,
        plain.mean,
        plain.low,
        plain.high,
        known,
        tuple(found.coef_.tolist()),
        float(found.intercept_),
        smearing,
    )
