"""What arrivals looked like until a model was trained: in few bins, counted by month and kind of day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from scoring.metrics import Floats
from scoring.monitoring.arrivals import Arrivals
from scoring.monitoring.colleagues import Placed, design_effect, likeness, met, met_in_a_month
from scoring.monitoring.expected import Expected, expected
from scoring.monitoring.strata import DAY_US, Counts, mixed, month_of, season_of, weekend
from scoring.seen import FEW_VALUES

KEPT = timedelta(days=396)
"""A year, and the month before it: the season of a day is that of the same day a year ago."""
BINS = FEW_VALUES + 1
CUTS = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Few bins, so that a hundred arrivals fill them; narrow ones at both ends, where a wider spread shows."""
LEAST, LEAST_IN_SEASON = 200, 200
UNKNOWN = -1


@dataclass(frozen=True, slots=True)
class Reference:
    """``edges``: upper ends of each measure's bins but the last; ``counts``: measures × months × 2 × BINS.

    ``first_month`` numbers the first of the months. The last axis but one: weekdays, weekends. ``days``: how long the
    arrivals reach back. ``expected``: how good the model should have been among them. ``alike``: how much colleagues
    share of each measure; ``colleagues``: how many of one company came, in all and in the same month
    (``colleagues.met``).
    """

    names: tuple[str, ...]
    edges: tuple[tuple[float, ...], ...]
    first_month: int
    counts: Counts
    days: int
    alike: Floats
    colleagues: tuple[float, float] = (1.0, 1.0)
    expected: Expected | None = None

    @property
    def arrivals(self) -> int:
        """How many leads it was made of."""
        return int(self.counts.sum(axis=(1, 2, 3)).max(initial=0))

    def placed(self, found: Arrivals) -> Placed:
        """The bin of each value in the reference's own order of measures; UNKNOWN where it is or the name is not."""
        at = {name: place for place, name in enumerate(found.names)}
        places = np.full((len(found.at), len(self.names)), UNKNOWN, dtype=np.int64)
        for place, name in enumerate(self.names):
            if name in at:
                places[:, place] = _binned(found.values[:, at[name]], self.edges[place])
        return Placed(found.at, places, found.company)

    def usual(self, weekends: float) -> tuple[Floats, Floats]:
        """Shares of bins over all months, for arrivals of which ``weekends`` came at weekends, and their worth."""
        shares, worth = mixed(self.counts.sum(axis=1), np.array([1 - weekends, weekends]))
        return shares, worth / design_effect(self.alike, self.colleagues[0])

    def season(self, moment: datetime, weekends: float) -> tuple[Floats, Floats] | None:
        """The same of the season of ``moment`` a year before; None where that is not known well enough."""
        spot = season_of(moment)
        first = spot.month - self.first_month
        if first < 0 or first + 1 >= self.counts.shape[1]:
            return None
        two = self.counts[:, first : first + 2]
        if two.sum(axis=(1, 2, 3)).max(initial=0) < LEAST_IN_SEASON:
            return None
        days = np.array([1 - weekends, weekends])
        weights = np.concatenate([(1 - spot.later) * days, spot.later * days])
        shares, worth = mixed(two.reshape(two.shape[0], 4, BINS), weights)
        return shares, worth / design_effect(self.alike, self.colleagues[1])

    def to_json(self) -> dict[str, Any]:
        """Plain lists."""
        return {
            "names": list(self.names),
            "edges": [list(edges) for edges in self.edges],
            "first_month": self.first_month,
            "months": self.counts.shape[1],
            "counts": self.counts.ravel().tolist(),
            "days": self.days,
            "alike": self.alike.round(6).tolist(),
            "colleagues": list(self.colleagues),
            "expected": self.expected.to_json() if self.expected else None,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Reference:
        """What ``to_json`` wrote."""
        names = tuple(map(str, data["names"]))
        # What a release stored that knew nothing of companies says nothing of them.
        alike = data.get("alike") or [0.0] * len(names)
        whole, month = data.get("colleagues") or (1.0, 1.0)
        return cls(
            names,
            tuple(tuple(map(float, edges)) for edges in data["edges"]),
            int(data["first_month"]),
            np.array(data["counts"], dtype=np.int64).reshape(len(names), int(data["months"]), 2, BINS),
            int(data["days"]),
            np.array(alike, dtype=np.float64),
            (float(whole), float(month)),
            Expected.from_json(data["expected"]) if data["expected"] else None,
        )


def learn(found: Arrivals, as_of: datetime) -> Reference | None:
    """Count the arrivals of about a year before ``as_of``; None where they are too few to compare anything with."""
    end = _micro(as_of)
    kept = (found.at < end) & (found.at >= end - KEPT // timedelta(microseconds=1))
    at, values = found.at[kept], found.values[kept]
    if len(at) < LEAST:
        return None
    edges = tuple(_edges(values[:, place]) for place in range(values.shape[1]))
    months = month_of(at)
    first, count = int(months.min()), int(months.max() - months.min()) + 1
    stratum = (months - first) * 2 + weekend(at)
    counts = np.zeros((len(found.names), count * 2 * BINS), dtype=np.int64)
    places = np.column_stack([_binned(values[:, place], edges[place]) for place in range(len(found.names))])
    for place, bins in enumerate(places.T):
        known = bins != UNKNOWN
        counts[place] = np.bincount(stratum[known] * BINS + bins[known], minlength=count * 2 * BINS)
    shaped = counts.reshape(len(found.names), count, 2, BINS)
    days = int((end - int(at.min())) // DAY_US)
    company = found.company[kept]
    alike, together = likeness(places, company, BINS), (met(company), met_in_a_month(at, company))
    foretold = expected(found.chance[kept], _high(found)[kept])
    return Reference(found.names, edges, first, shaped, days, alike, together, foretold)


def _high(found: Arrivals) -> Floats:
    return found.values[:, found.names.index("high")] if "high" in found.names else np.zeros(len(found.at))


def _edges(values: Floats) -> tuple[float, ...]:
    known = values[~np.isnan(values)]
    different = np.unique(known)
    if different.size <= FEW_VALUES:
        # The last bin is for what was never seen.
        return tuple(different.tolist())
    return tuple(np.unique(np.quantile(known, CUTS)).tolist())


def _binned(values: Floats, edges: Sequence[float]) -> Counts:
    bins = np.searchsorted(np.asarray(edges, dtype=np.float64), values, side="left")
    return np.where(np.isnan(values), UNKNOWN, bins)


def _micro(moment: datetime) -> int:
    return int((moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1))
