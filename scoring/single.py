"""How well one field alone tells the outcome: one row a lead, against the outcome as known today.

A leak that fills in slowly tells little of a label with a horizon, and one whose process changed tells little of
the newest leads; so the whole outcome counts, and the stretch of the history where the field tells most.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import polars as pl

from scoring.association import NOT_FILLED, Codes, codes
from scoring.metrics import Floats, auc
from scoring.schema import History

MAX_LEADS = 20_000
FOLDS = 3
SMOOTHING = 2.0
FINE_QUANTILES, FINE_SHARE = 20, 0.003
MAX_STRETCHES, STRETCH_CONVERSIONS = 5, 50
BOUND = 1.64
"""Standard errors (Hanley and McNeil 1982) below an AUC: the one-sided 95 % bound."""
CERTAIN, CERTAIN_ODDS = 0.95, 30.0
SURE_ODDS = 100.0


@dataclass(frozen=True, slots=True)
class Lead:
    """The newest training row of each lead, oldest lead first, with today's outcome and a fold for honest estimates."""

    rows: pl.DataFrame
    label: Floats
    fold: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Strength:
    """``auc`` alone; ``highest``: its lower bound where it is best; ``certain``: share of conversions near certain.

    ``sure``: share of conversions with a value whose odds are surely SURE_ODDS times the usual ones.
    """

    auc: float
    highest: float
    certain: float
    sure: float


def newest_rows(rows: pl.DataFrame, history: History) -> Lead:
    """At most MAX_LEADS leads of the snapshot ``rows``, evenly over time."""
    last = rows.sort("order", "lead_id").unique("lead_id", keep="last", maintain_order=True)
    step = -(-last.height // MAX_LEADS) or 1
    last = last.gather_every(step).with_columns(row=pl.int_range(pl.len(), dtype=pl.Int64))
    label = last["lead_id"].is_in(history.conversions["lead_id"].unique().implode())
    return Lead(last, label.cast(pl.Float64).to_numpy(), np.arange(last.height) % FOLDS)


def fine(column: pl.Series) -> Codes:
    """The field's values in twentieths, or all but the rarest levels."""
    return codes(column, FINE_QUANTILES, FINE_SHARE)


def chances(groups: Codes, label: Floats, fold: npt.NDArray[np.int64]) -> Floats:
    """Each row's chance of conversion by its group, estimated on the other folds."""
    result = np.empty(len(label))
    for part in range(FOLDS):
        inside = fold == part
        result[inside] = rates(groups[~inside], label[~inside], int(groups.max(initial=0)) + 1)[groups[inside]]
    return result


def rates(groups: Codes, label: Floats, count: int) -> Floats:
    """Conversion rate of each of ``count`` groups, drawn towards the average by SMOOTHING rows."""
    base = float(label.mean()) if len(label) else 0.0
    hits = np.bincount(groups, weights=label, minlength=count)
    found: Floats = (hits + SMOOTHING * base) / (np.bincount(groups, minlength=count) + SMOOTHING)
    return found


def strength(groups: Codes, leads: Lead) -> Strength:
    """What the field tells alone."""
    told = chances(groups, leads.label, leads.fold)
    reached = [_lower(leads.label[part], told[part]) for part in _stretches(leads.label)]
    inside = [
        _lower(leads.label[part], chances(groups[part], leads.label[part], leads.fold[part]))
        for part in _stretches(leads.label)
    ]
    given = (groups != NOT_FILLED).astype(np.int64)
    certain, sure = _certain(told, leads.label), max(_sure(groups, leads.label), _sure(given, leads.label))
    return Strength(auc(leads.label, told), max([*reached, *inside]), certain, sure)


def _stretches(label: Floats) -> list[slice]:
    """Consecutive parts with the same number of conversions."""
    hits = np.flatnonzero(label)
    count = max(1, min(MAX_STRETCHES, len(hits) // STRETCH_CONVERSIONS))
    cuts = [0, *(int(hits[len(hits) * part // count]) for part in range(1, count)), len(label)]
    return [slice(start, end) for start, end in pairwise(cuts)]


def _lower(label: Floats, score: Floats) -> float:
    positive = label.sum()
    negative = len(label) - positive
    if min(positive, negative) < 1:
        return 0.5
    area = auc(label, score)
    one, both = area / (2 - area), 2 * area**2 / (1 + area)
    spread = area * (1 - area) + (positive - 1) * (one - area**2) + (negative - 1) * (both - area**2)
    return float(area - BOUND * np.sqrt(spread / (positive * negative)))


def _certain(told: Floats, label: Floats) -> float:
    """Near certain: at least CERTAIN and CERTAIN_ODDS times the base odds, and the rows bear it out."""
    base = label.mean()
    odds = CERTAIN_ODDS * base / max(1.0 - base, 1e-9)
    sure = told >= max(CERTAIN, odds / (1.0 + odds))
    if not sure.any() or label[sure].mean() < CERTAIN - 0.05:
        return 0.0
    return float(label[sure].sum() / label.sum())


def _sure(groups: Codes, label: Floats) -> float:
    """Values of which even the lower bound (Wilson) of the conversion rate means SURE_ODDS times the base odds."""
    count = np.bincount(groups)
    hits = np.bincount(groups, weights=label)
    share = hits / np.maximum(count, 1)
    square = BOUND**2
    middle = share + square / (2 * np.maximum(count, 1))
    spread = BOUND * np.sqrt(share * (1 - share) / np.maximum(count, 1) + square / (4 * np.maximum(count, 1) ** 2))
    low = (middle - spread) / (1 + square / np.maximum(count, 1))
    base = label.mean()
    found = (count > 0) & (low * (1 - base) >= SURE_ODDS * base * (1 - low))
    return float(hits[found].sum() / max(label.sum(), 1.0))
