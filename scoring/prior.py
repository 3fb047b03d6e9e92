"""The pooled prior: what many tenants' coefficients have in common, and how far they lie apart.

Each shared feature's coefficients are pooled by themselves under random effects: tenants differ, and the variance
between them, estimated by moments (DerSimonian & Laird 1986), says how far a new tenant may be from the mean. What is
expected of a new tenant is N(mean, between + variance of the mean) (Higgins, Thompson & Spiegelhalter 2009).
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scoring.pooling.share import Share, Term
from scoring.pooling.shared import shared

MIN_TENANTS = 10
"""Fewer tenants than these who give a feature: it is not pooled."""
MOST_WEIGHT = 0.2
"""… nor where one tenant has more of the weight than this: the mean would tell of that tenant."""


@dataclass(frozen=True, slots=True)
class Pool:
    """The mean over tenants, its variance (``error``), the variance ``between`` tenants, and how many they are."""

    mean: float
    error: float
    between: float
    tenants: int

    @property
    def variance(self) -> float:
        """Of a new tenant's value around the mean."""
        return self.between + self.error

    def to_json(self) -> list[float]:
        """Plain numbers."""
        return [self.mean, self.error, self.between, self.tenants]


@dataclass(frozen=True, slots=True)
class Prior:
    """What is expected of a new tenant: ``base``: the log-odds of its conversion rate; ``terms`` by shared feature."""

    base: Pool
    terms: tuple[tuple[str, Pool], ...]

    @property
    def tenants(self) -> int:
        """How many tenants stand behind it."""
        return self.base.tenants

    @property
    def sha256(self) -> str:
        """Names this very prior in reports."""
        told = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(told.encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"base": self.base.to_json(), "terms": {name: pool.to_json() for name, pool in self.terms}}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Prior:
        """What ``to_json`` wrote.

        Raises:
            KeyError, TypeError, ValueError: the data has another form.

        """
        return cls(_pool(data["base"]), tuple((name, _pool(told)) for name, told in sorted(data["terms"].items())))


def readable(told: Iterable[Mapping[str, Any]]) -> list[Share]:
    """Stored shares; those of another form are passed over: one tenant's must not end another's training."""
    found = []
    for data in told:
        try:
            found.append(Share.from_json(data))
        except (KeyError, TypeError, ValueError):
            continue
    return found


def pooled(shares: Iterable[Share]) -> Prior | None:
    """Pool the shares of different tenants, in whatever order; None where they are too few or one outweighs them.

    The caller leaves out the share of the tenant that is to use the prior.
    """
    given = list(shares)
    base = _random_effects([share.base for share in given])
    tables = [dict(share.terms) for share in given]
    found = [(name, _random_effects([table[name] for table in tables if name in table])) for name in sorted(shared())]
    terms = tuple((name, pool) for name, pool in found if pool is not None)
    return Prior(base, terms) if base is not None and terms else None


def _random_effects(terms: Sequence[Term]) -> Pool | None:
    """DerSimonian and Laird's estimate; exact sums, so that the order of tenants changes no bit."""
    if len(terms) < MIN_TENANTS:
        return None
    between = _between(terms)
    weights = [1.0 / (term.variance + between) for term in terms]
    whole = math.fsum(weights)
    if max(weights) > MOST_WEIGHT * whole:
        return None
    mean = math.fsum(weight * term.coef for weight, term in zip(weights, terms, strict=True)) / whole
    return Pool(mean, 1.0 / whole, between, len(terms))


def _between(terms: Sequence[Term]) -> float:
    weights = [1.0 / term.variance for term in terms]
    whole = math.fsum(weights)
    mean = math.fsum(weight * term.coef for weight, term in zip(weights, terms, strict=True)) / whole
    apart = math.fsum(weight * (term.coef - mean) ** 2 for weight, term in zip(weights, terms, strict=True))
    room = whole - math.fsum(weight**2 for weight in weights) / whole
    return max(0.0, (apart - (len(terms) - 1)) / room)


def _pool(told: Sequence[float]) -> Pool:
    mean, error, between, tenants = told
    return Pool(float(mean), float(error), float(between), int(tenants))
