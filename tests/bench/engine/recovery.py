"""How soon work goes on: after a worker was killed, after the broker was flushed, after ten minutes without the CRM.

On virtual clocks, with the product's leases, sweeps and pauses as they are by default. That a killed process's work is
taken at all is shown by the tests with real processes; here it is how long that takes, whatever the moment.
"""

from __future__ import annotations

import random
import statistics
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import requests

from connector.sandbox.config import Limits
from connector.services import pipeline
from connector.services.job import Job
from tests.bench.engine.fairness import standing
from tests.bench.line.clock import VirtualClock
from tests.bench.line.measure import Log, logged
from tests.bench.line.setting import START, Plan, Tenant, sandbox
from tests.bench.rows import Row
from tests.services.fair import arrive
from tests.world import World

CASE = "recovery"
LEASE, SWEEP = 30.0, 30.0
OUTAGE, BEGINS = 600.0, 2.0
LONGEST_PAUSE = 64.0
"""What ``workers.outcomes`` waits at most between tries where the CRM names no time: two to the eighth, quarters."""
PATIENCE = 7_200.0
MOMENTS, QUICK_MOMENTS = 200, 40
CONTACTS, QUICK_CONTACTS = 10_000, 4_000
LEAST_SHARE = 0.9


def killed(line: World, draw: random.Random) -> float:
    """Kill a worker at some moment of its lease and of the sweeps; return the seconds until its work is taken."""
    job = _taken(line)
    with job.transaction():
        # The last sign of life: it comes each third of a lease.
        pass
    line.clock.sleep(draw.uniform(0, LEASE / 3))
    return _until_taken(line, draw.uniform(0, SWEEP))


def flushed(line: World, draw: random.Random) -> float:
    """Lose all messages just after they were sent; return the seconds until the work is taken."""
    arrive(line)
    line.woken.clear()
    return _until_taken(line, draw.uniform(0, SWEEP))


def _taken(line: World) -> Job:
    arrive(line)
    job = pipeline.claim_next(line.services, line.woken.pop(0)[1])
    assert job
    return job


def _until_taken(line: World, next_sweep: float) -> float:
    """Sweep from then on, until a worker is told of something that it gets; end that work."""
    begun = line.clock.monotonic()
    line.clock.sleep(next_sweep)
    while True:
        pipeline.sweep(line.services)
        for _, intent_id in line.woken:
            job = pipeline.claim_next(line.services, intent_id)
            if job:
                line.woken.clear()
                pipeline.park(job, "Measured.", None)
                return line.clock.monotonic() - begun
        line.clock.sleep(SWEEP)


def moments(quick: bool, seed: int) -> list[Row]:
    """Return the rows of the first two."""
    times = QUICK_MOMENTS if quick else MOMENTS
    rows: list[Row] = []
    for words, mishap, limit in (
        ("worker killed: until another takes its work", killed, LEASE + SWEEP),
        ("broker flushed: until the work is taken", flushed, SWEEP),
    ):
        draw = random.Random(seed)
        with standing(LEASE) as line:
            found = [mishap(line, draw) for _ in range(times)]
        rows += _row(words, found, limit)
    return rows


def _row(words: str, found: Sequence[float], limit: float) -> list[Row]:
    spread = statistics.pstdev(found)
    return [
        Row(CASE, f"{words}, median", "s", statistics.median(found), limit, 1.0, len(found), spread, True),
        Row(CASE, f"{words}, longest", "s", max(found), limit, 1.0, len(found), spread, True),
    ]


def outage(quick: bool) -> list[Row]:
    """Return the rows of ten minutes in which HubSpot answers nothing but errors, in the middle of a backfill."""
    plan = Plan("hubspot", QUICK_CONTACTS if quick else CONTACTS, 0.1)
    with TemporaryDirectory() as folder, VirtualClock(START) as clock, sandbox(plan, clock) as running:
        tenant = Tenant(plan.vendor, running.origin, Path(folder), clock)
        tenant.until("sync")
        back: list[float] = []
        away = threading.Thread(target=_away, args=(clock, running.origin, back), daemon=True)
        away.start()
        _through(tenant, clock)
        away.join()
        later = [entry for entry in logged(running) if entry.monotonic >= back[0]]
    return list(_since(later, back[0]))


def _since(later: Log, back: float) -> Iterator[Row]:
    """Yield when the CRM was asked again, and how long what was left took beside its ceiling."""
    limits = Limits()
    first, drained = later[0].monotonic, later[-1].monotonic - later[0].monotonic
    # At the published rate; what the vendor grants at once at the beginning is not counted against it.
    least = len(later) * limits.burst_seconds / limits.burst
    named = f"CRM away for {OUTAGE / 60:.0f} min: "
    yield Row(CASE, f"{named}until asked again", "s", first - back, LONGEST_PAUSE + SWEEP, 1.0, less_is_better=True)
    left = f"{named}until {len(later)} requests are done"
    yield Row(CASE, left, "s", drained, least, LEAST_SHARE, less_is_better=True)


def _away(clock: VirtualClock, origin: str, back: list[float]) -> None:
    clock.sleep(BEGINS)
    _faults(origin, [{"kind": "server_error", "times": None, "status": 503}])
    clock.sleep(OUTAGE)
    _faults(origin, [])
    back.append(clock.monotonic())


def _faults(origin: str, faults: list[dict[str, object]]) -> None:
    requests.post(f"{origin}/_sandbox/faults", json={"faults": faults}, timeout=60).raise_for_status()


def _through(tenant: Tenant, clock: VirtualClock) -> None:
    """Go on to the end of the reading, by sweeps where nothing is announced."""
    ends = clock.monotonic() + PATIENCE
    while not tenant.came_to("identity"):
        if clock.monotonic() > ends:
            raise RuntimeError("The reading did not go on after the outage.")
        clock.sleep(SWEEP - clock.monotonic() % SWEEP)
        pipeline.sweep(tenant.services)


def measure(quick: bool, seed: int) -> list[Row]:
    """Return the rows."""
    return [*moments(quick, seed), *outage(quick)]
