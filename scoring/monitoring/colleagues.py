"""How much fewer arrivals are worth where colleagues come together.

Colleagues share what is told of their company, so that ten of one company say little more of its industry than one of
them. A sample of clusters is worth as many independent arrivals as it has, divided by the design effect
1 + (m − 1) ρ (Kish 1965): m the mean size of a company as an arrival sees it (Σ n² / Σ n), ρ how much likelier than two
strangers two colleagues fall into the same bin. Counts that are divided by it make the tests right at first order (Rao
and Scott 1981).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scoring.metrics import Floats
from scoring.monitoring.strata import DAY_US, Counts

Rows = Counts | slice | npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Placed:
    """Arrivals in the bins of a reference: ``at`` (µs of creation), ``places`` (arrivals × measures), ``company``."""

    at: Counts
    places: Counts
    company: Counts

    def where(self, rows: Rows) -> Placed:
        """Some of them."""
        return Placed(self.at[rows], self.places[rows], self.company[rows])


def met(company: Counts) -> float:
    """Of how many of its own company an arrival is one, on average; 1.0 where nobody has a colleague."""
    if not company.size:
        return 1.0
    size = np.unique(company, return_counts=True)[1].astype(np.float64)
    return float((size**2).sum() / size.sum())


def met_in_a_month(at: Counts, company: Counts) -> float:
    """The same among arrivals of the same thirty days."""
    cells = np.unique(company, return_inverse=True)[1] * (int(at.max() // DAY_US) // 30 + 1) + at // DAY_US // 30
    return met(cells)


def likeness(places: Counts, company: Counts, bins: int) -> Floats:
    """ρ of each measure, from 0 (colleagues are like strangers) to 1; 0 where nobody has a colleague.

    ``places``: bins from 0 on, below 0 where unknown.
    """
    found = np.zeros(places.shape[1])
    code, size = np.unique(company, return_inverse=True, return_counts=True)[1:]
    together = size[code] > 1
    code = np.unique(code[together], return_inverse=True)[1]
    for place in range(places.shape[1]):
        known = places[:, place] >= 0
        some = known[together]
        cells = code[some] * bins + places[together, place][some]
        same = np.bincount(cells, minlength=1)
        every = np.bincount(code[some], minlength=1)
        pairs = float((every * (every - 1.0)).sum())
        share = np.bincount(places[known, place], minlength=bins) / max(int(known.sum()), 1)
        strangers = float((share**2).sum())
        if pairs and strangers < 1:
            found[place] = ((same * (same - 1.0)).sum() / pairs - strangers) / (1 - strangers)
    return np.clip(found, 0.0, 1.0)


def design_effect(alike: Floats, colleagues: float) -> Floats:
    """1 + (m − 1) ρ of each measure."""
    return np.asarray(1 + (colleagues - 1) * alike, dtype=np.float64)
