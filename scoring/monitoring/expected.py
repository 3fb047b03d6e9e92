"""How good is the model among people whose outcome nobody knows yet?

Confidence-based performance estimation (CBPE, as NannyML describes it in "How it works: Performance estimation"): where
chances are calibrated, a lead of chance p is a conversion with weight p and none with weight 1 − p, which gives the
expected value of any figure. It notices that other people came (leads harder to tell apart), but not that the same kind
of people now behaves otherwise: for that outcomes have to mature.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from scoring.metrics import Floats

RESAMPLES = 50


@dataclass(frozen=True, slots=True)
class Expected:
    """``auc``; ``precision``: expected share of conversions in the High-Intent band (None: nobody is in it); ``rate``:
    expected share among all. ``auc_spread``: standard deviation of ``auc`` over resamples of the leads."""

    auc: float
    precision: float | None
    rate: float
    auc_spread: float

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Expected:
        """What ``to_json`` wrote."""
        return cls(**data)


def expected(chance: Floats, high: Floats, seed: int = 0) -> Expected | None:
    """The expected figures of leads with these chances; ``high``: 1 in the High-Intent band. None of one lead."""
    if len(chance) < 2:
        return None
    rng = np.random.default_rng(seed)
    ordered = np.sort(chance)
    even = np.full(len(chance), 1 / len(chance))
    draws = [_auc(ordered, rng.multinomial(len(chance), even)) for _ in range(RESAMPLES)]
    precision = float(chance[high > 0].mean()) if high.any() else None
    return Expected(expected_auc(chance), precision, float(chance.mean()), float(np.std(draws)))


def expected_auc(chance: Floats) -> float:
    """The expected share of pairs (conversion, none) ranked rightly; a tie counts half, no lead meets itself."""
    return _auc(np.sort(chance), np.ones(len(chance), dtype=np.int64))


def _auc(chance: Floats, times: npt.NDArray[np.int64]) -> float:
    """The same of rising chances, each so many times there. Copies of a lead are told apart by nothing: they tie."""
    hits, others = times * chance, times * (1 - chance)
    rising = np.concatenate([[0.0], np.cumsum(others)])
    first = np.flatnonzero(np.concatenate([[True], np.diff(chance) > 0]))
    last = np.append(first[1:], len(chance))
    below = np.repeat((rising[first] + rising[last]) / 2, last - first)
    itself = times * chance * (1 - chance)
    pairs = float(hits.sum() * others.sum() - itself.sum())
    return float((hits * below).sum() - 0.5 * itself.sum()) / pairs if pairs > 0 else 0.5
