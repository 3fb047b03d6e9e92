"""What one tenant gives: coefficients of shared features with their variances, and rounded counts. No row, no name."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from scoring.pooling.shared import shared


@dataclass(frozen=True, slots=True)
class Term:
    """A coefficient, its variance, and how many leads and conversions stand behind it (two digits each)."""

    coef: float
    variance: float
    leads: int
    conversions: int


@dataclass(frozen=True, slots=True)
class Share:
    """``base``: the log-odds of the tenant's conversion rate; ``terms`` by the names of shared features."""

    base: Term
    terms: tuple[tuple[str, Term], ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"base": _told(self.base), "terms": {name: _told(term) for name, term in self.terms}}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Share:
        """What ``to_json`` wrote.

        Raises:
            KeyError, TypeError, ValueError: the data has another form, or speaks of features that are not shared.

        """
        strange = data["terms"].keys() - shared().keys()
        if strange:
            raise ValueError(f"A share may not hold {', '.join(sorted(strange))}.")
        terms = tuple((name, _term(told)) for name, told in sorted(data["terms"].items()))
        return cls(_term(data["base"]), terms)


def _told(term: Term) -> list[float]:
    return [term.coef, term.variance, term.leads, term.conversions]


def _term(told: npt.ArrayLike) -> Term:
    coef, variance, leads, conversions = np.asarray(told, dtype=np.float64).tolist()
    if not (math.isfinite(coef) and math.isfinite(variance) and variance > 0):
        raise ValueError("A coefficient of a share is not finite, or its variance not above 0.")
    return Term(coef, variance, int(leads), int(conversions))
