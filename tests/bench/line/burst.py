"""Very many changed leads at one time, on a virtual clock: what the vendor's limits alone leave of the lane's speed.

Computing takes no time here (see :mod:`tests.bench.line.clock`), so that what is measured is how well the lane uses
the windows: a lead waits for the vendor, never for a core. ``tests.bench.realtime`` measures the same with computing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from threading import Thread
from uuid import UUID

from connector.sandbox.server import RunningSandbox
from connector.services.children import in_place
from connector.services.warm import Warm
from tests.bench.lane import PROCESSES, SPREAD_SECONDS, Lane, nearest_rank, serve
from tests.bench.line.clock import VirtualClock
from tests.bench.line.measure import Row, counted, logged, refused, row, shares
from tests.bench.line.setting import START, Plan, Tenant, sandbox

REST_SECONDS = 30.0
REQUIRED_SECONDS = 5.0
SECONDS_OF, DRAINED = 5_000, 0.9
"""Up to so many leads the time of each is asked for; of more, the share of the vendor's ceiling."""


@dataclass(frozen=True, slots=True)
class Wired:
    """A tenant whose people are scored, and threads that take turns for it."""

    plan: Plan
    running: RunningSandbox
    lane: Lane


def measure(contacts: int, counts: Sequence[int], latency: float) -> list[Row]:
    """Return the rows of bursts of so many leads, or of all that have a score where these are fewer."""
    rows: list[Row] = []
    with wired(Plan("hubspot", contacts, latency)) as found:
        people = found.lane.people()
        # A worker's first turn for an account asks which fields it has, once.
        found.lane.burst(people[-1:])
        for count in counts:
            found.lane.services.clock.sleep(REST_SECONDS)
            rows += _burst(found, people[:count])
    return rows


@contextmanager
def wired(plan: Plan) -> Iterator[Wired]:
    """Read, train, score and write a sandbox CRM; then let workers wait."""
    queue: SimpleQueue[tuple[str, UUID] | None] = SimpleQueue()
    with TemporaryDirectory() as folder, VirtualClock(START) as clock, sandbox(plan, clock) as running:
        tenant = Tenant(plan.vendor, running.origin, Path(folder), clock, minimum_step=0, complexity="interpretable")
        tenant.services = replace(tenant.services, isolated=in_place)
        tenant.whole()
        services = replace(tenant.services, wake=lambda name, work: queue.put((name, work)))
        warm = Warm(services)
        workers = [Thread(target=serve, args=(warm, queue)) for _ in range(PROCESSES)]
        for worker in workers:
            worker.start()
        try:
            yield Wired(plan, running, Lane(services, running.origin, tenant.connection_id, ()))
        finally:
            for _ in workers:
                queue.put(None)
            for worker in workers:
                worker.join()


def _burst(found: Wired, people: Sequence[str]) -> Iterator[Row]:
    lane, log = found.lane, found.running.stage.log
    log.clear()
    seconds = sorted(lane.burst(people, patience=len(people)))
    asked, what = logged(found.running), f"{len(people):,} changed leads in {SPREAD_SECONDS:.0f} s"
    if len(people) <= SECONDS_OF:
        last = nearest_rank(seconds, 0.99)
        yield row(f"hubspot: {what}, p99", "s", last, REQUIRED_SECONDS, (REQUIRED_SECONDS / last, 1.0))
    else:
        yield from (one | {"required": DRAINED} for one in shares(found.plan, what, asked))
    can = lane.services.apps[found.plan.vendor].capabilities
    fewest = ceil(len(people) / can.read_batch) + ceil(len(people) / can.write_batch)
    yield counted(found.plan, what, len(asked), fewest)
    yield refused(found.plan, what, asked)
