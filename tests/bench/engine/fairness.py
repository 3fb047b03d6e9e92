"""Tenants with sizes by Zipf's law on a few workers: who is served how much, and how long the small ones wait.

On a virtual clock, with the product's store and claims. Beside it stands a fluid: each tenant with work gets the same
share of the workers at each instant, and no more than one worker, as no scheduler of whole turns can quite do.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from connector.services.job import TURN_SECONDS
from connector.store.migrate import upgrade
from connector.store.session import open_store
from tests.bench.rows import Row
from tests.services.fair import Shop, jain
from tests.world import World, world

CASE = "fairness"
EXPONENT = 1.3
LEAST_JAIN = 0.95


@dataclass(frozen=True, slots=True)
class Crowd:
    """So many ``tenants``, the ``large`` of which are there from the beginning; work comes for ``seconds``.

    All but the large ones together take ``load`` of what the workers can do in that time.
    """

    tenants: int
    large: int
    seconds: float
    workers: int = 4
    load: float = 0.6


FULL, QUICK = Crowd(1_000, 20, 4 * 3600.0), Crowd(200, 10, 3600.0)

Arrival = tuple[float, float]
"""When a tenant comes, and with how many seconds of work."""


def arrivals(crowd: Crowd, seed: int) -> list[Arrival]:
    """Return the tenants in the order of their coming, the large ones first."""
    shares = [1 / rank**EXPONENT for rank in range(1, crowd.tenants + 1)]
    unit = crowd.load * crowd.workers * crowd.seconds / sum(shares[crowd.large :])
    draw = random.Random(seed)
    # Who came a moment ago has been served little by anybody's rule.
    small = [(draw.uniform(0, 0.9 * crowd.seconds), unit * share) for share in shares[crowd.large :]]
    return [*((0.0, unit * share) for share in shares[: crowd.large]), *sorted(small)]


def fluid(coming: Sequence[Arrival], workers: int, until: float) -> list[float]:
    """Return what each has been served by then where all with work share the workers evenly, at most one for each."""
    served = [0.0] * len(coming)
    # Everybody with work is served alike, so one sum tells for all: who needs so much more of it is done then.
    given, now = 0.0, 0.0
    active: list[tuple[float, int]] = []
    waiting = sorted(range(len(coming)), key=lambda number: coming[number][0])
    while now < until:
        rate = min(1.0, workers / len(active)) if active else 0.0
        ends = now + (active[0][0] - given) / rate if active else until
        comes = coming[waiting[0]][0] if waiting else until
        following = min(ends, comes, until)
        given, now = given + rate * (following - now), following
        if following == ends and active:
            done = heapq.heappop(active)[1]
            served[done] = coming[done][1]
        elif following == comes and waiting:
            new = waiting.pop(0)
            heapq.heappush(active, (given + coming[new][1], new))
    for end, number in active:
        served[number] = coming[number][1] - (end - given)
    return served


def served(crowd: Crowd, coming: Sequence[Arrival]) -> tuple[Shop, list[UUID]]:
    """Let them come and be served; return the shop, and the tenants in the order of their coming."""
    with standing() as line:
        shop, found = Shop(line, crowd.workers), []
        for at, seconds in coming:
            shop.run(at)
            found.append(shop.come(seconds))
        shop.run(crowd.seconds)
        return shop, found


@contextmanager
def standing(lease_seconds: float = 1e6) -> Iterator[World]:
    """Services on a database of their own and a clock that stands still."""
    with TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{Path(folder) / 'bench.db'}")
        upgrade(store)
        line = world(store)
        line.services = replace(line.services, lease_seconds=lease_seconds)
        try:
            yield line
        finally:
            store.close()


def measure(quick: bool, seed: int) -> list[Row]:
    """Return the rows."""
    crowd = QUICK if quick else FULL
    coming = arrivals(crowd, seed)
    shop, found = served(crowd, coming)
    even = fluid(coming, crowd.workers, crowd.seconds)
    shares = [shop.served[tenant] / due for tenant, due in zip(found, even, strict=True)]
    small = [number for number in range(crowd.large, len(found)) if coming[number][1] <= TURN_SECONDS]
    first = sorted(shop.waits[found[number]] for number in small)
    whole = sorted(shop.took[found[number]] for number in small)
    alone = sorted(coming[number][1] for number in small)
    told = f"{crowd.tenants:,} tenants, {crowd.workers} workers"
    few = f"{len(small):,} small ones of {crowd.tenants:,}"
    return [
        Row(CASE, f"{told}: Jain's index", "index", jain(shares), 1.0, LEAST_JAIN),
        Row(CASE, f"{few}: p99 until a worker", "s", p99(first), TURN_SECONDS, 1.0, less_is_better=True),
        Row(CASE, f"{few}: p99 until done, limit: alone", "s", p99(whole), p99(alone), less_is_better=True),
        Row(CASE, f"{few}: p50 until done, limit: alone", "s", middle(whole), middle(alone), less_is_better=True),
    ]


def p99(ordered: Sequence[float]) -> float:
    """The 99th percentile, by nearest rank."""
    return ordered[min(int(0.99 * len(ordered)), len(ordered) - 1)]


def middle(ordered: Sequence[float]) -> float:
    """The median, by nearest rank."""
    return ordered[len(ordered) // 2]
