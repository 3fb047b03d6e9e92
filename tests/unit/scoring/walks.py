"""Tenants whose leads differ in the order of their steps alone: how often who did what says nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from scoring.population import numbered
from scoring.schema import EVENTS, LEADS, UTC_TIME, History
from tests.unit.scoring.worlds import START, frame, history

PAGES = tuple(f"/page-{name}" for name in "abcdefghijkl")
SPAN_DAYS = 300.0
HOURS = 2
"""Between two visits."""

Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Walks:
    """A history, one row a lead two days after its creation, in the order of creation, and who converts."""

    history: History
    rows: pl.DataFrame
    label: npt.NDArray[np.float64]


def there_and_back(count: int, seed: int) -> Walks:
    """Half of the leads walk as a Markov chain does, half walk such a way backwards: counts are the same by nature.

    Those who walk forwards convert in 45 % of the cases, the others in 10 %.
    """
    rng = np.random.default_rng(seed)
    chain = np.random.default_rng(20).dirichlet(np.full(len(PAGES), 0.5), len(PAGES))
    usual = np.linalg.matrix_power(chain, 200)[0]
    forward = rng.random(count) < 0.5
    ways = []
    for ahead in forward:
        way = _way(rng, chain, usual, int(rng.integers(5, 13)))
        ways.append(way if ahead else way[::-1])
    return _walks(ways, rng.random(count) < np.where(forward, 0.45, 0.1))


def before_or_after(count: int, seed: int) -> Walks:
    """Everyone visits a and b once, anywhere among 8 to 14 other visits: who comes to a first converts more often."""
    rng = np.random.default_rng(seed)
    ways, first = [], np.zeros(count, dtype=bool)
    for place in range(count):
        others = rng.integers(2, len(PAGES), int(rng.integers(8, 15)))
        way = rng.permutation(np.concatenate([[0, 1], others]))
        ways.append(way)
        first[place] = np.flatnonzero(way == 0)[0] < np.flatnonzero(way == 1)[0]
    return _walks(ways, rng.random(count) < np.where(first, 0.45, 0.1))


TENANTS: dict[str, Callable[[int, int], Walks]] = {
    "there and back": there_and_back,
    "before or after": before_or_after,
}


def _way(rng: np.random.Generator, chain: npt.NDArray[np.float64], usual: npt.NDArray[np.float64], steps: int) -> Whole:
    way = [int(rng.choice(len(usual), p=usual))]
    for _ in range(steps - 1):
        way.append(int(rng.choice(len(usual), p=chain[way[-1]])))
    return np.array(way)


def _walks(ways: list[Whole], label: npt.NDArray[np.bool_]) -> Walks:
    count = len(ways)
    born = [START + timedelta(days=SPAN_DAYS * place / count) for place in range(count)]
    leads = frame(
        {
            "lead_id": range(count),
            "created_at": born,
            "intake_order": [None] * count,
            "company_key": [None] * count,
            "email_kind": [None] * count,
        },
        LEADS,
    )
    visits = [(lead, place, page) for lead, way in enumerate(ways) for place, page in enumerate(way.tolist(), start=1)]
    events = frame(
        {
            "lead_id": [lead for lead, _, _ in visits],
            "at": [born[lead] + timedelta(hours=HOURS * place) for lead, place, _ in visits],
            "kind": ["page_view"] * len(visits),
            "actor": ["lead"] * len(visits),
            "detail": [PAGES[page] for _, _, page in visits],
        },
        EVENTS,
    )
    at = [day + timedelta(days=2) for day in born]
    rows = numbered(
        pl.DataFrame({"lead_id": range(count), "as_of": at}, schema={"lead_id": pl.Int64, "as_of": UTC_TIME})
    )
    return Walks(history(leads, events=events), rows, label.astype(np.float64))
