"""How fast the real-time lane is: from a webhook that was accepted to the value in the CRM.

``python -m tests.bench.realtime [--quick] [--report FILE]``: a sandbox CRM in a process of its own is filled, read and
scored; then signed webhooks tell of single leads, a while apart, at several latencies of the CRM, and of many leads
within ten seconds. The lane has four worker processes, as the ``Procfile`` starts them: two of them read and score a
crowd while another delivers. The tenant writes every score again, so that each hint ends in a write.
Beside the seconds stands what a lead costs the workers' processors. The
floor of a single lead is measured in the same run: what the CRM takes to be asked for one person and to take one
value, one commit, one dispatch.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

import sqlalchemy as sa

from connector.records import ScoreWrite
from connector.services.context import Services
from connector.services.values import from_json
from connector.services.warm import Warm
from connector.store import outbox
from connector.store.tables import records
from tests.bench.lane import SPREAD_SECONDS, Lane, nearest_rank, running
from tests.bench.rows import reported

IDLE_REQUIRED, BURST_SECONDS = 1 / 1.5, 5.0


@dataclass(frozen=True, slots=True)
class Size:
    """What is measured: latencies in seconds with so many single leads each, and bursts at the middle latency."""

    contacts: int
    latencies: tuple[float, ...]
    singles: int
    bursts: tuple[int, ...]


FULL = Size(8_600, (0.05, 0.15, 0.3), 200, (100, 1_000, 5_000))
QUICK = Size(600, (0.05, 0.15), 15, (100, 400))


def singles(lane: Lane, people: Sequence[str]) -> list[float]:
    """Tell of one lead after another, each once the last one is done."""
    found = []
    for person in people:
        lane.push([person])
        found += lane.until_delivered(1)
    return found


def floor(lane: Lane, person: str, times: int) -> float:
    """Seconds that the CRM alone takes for one lead, warm, and one commit and one dispatch."""
    services, warm = lane.services, Warm(lane.services)
    adapter = warm.adapter(lane.connection_id)
    with services.store.reading() as session:
        values = from_json(outbox.delivered_of(session, lane.connection_id)[person])
    write = [ScoreWrite(person, values)]
    adapter.read_records([person])
    adapter.write_scores(write)
    asked = median(services, times, lambda: adapter.read_records([person]))
    written = median(services, times, lambda: adapter.write_scores(write))
    return asked + written + median(services, 20, lambda: commit(services, person)) + median(services, 20, dispatch)


def commit(services: Services, person: str) -> None:
    """Write one row."""
    with services.store.transaction() as session:
        session.execute(sa.update(records).where(records.c.vendor_id == person).values(seen_at=services.clock.now()))


def dispatch() -> None:
    """Hand something to another thread and hear of it."""
    there: SimpleQueue[int] = SimpleQueue()
    worker = Thread(target=there.put, args=(1,))
    worker.start()
    there.get()
    worker.join()


def median(services: Services, times: int, act: Callable[[], object]) -> float:
    """The median seconds that something takes."""
    clock, found = services.clock, []
    for _ in range(times):
        begun = clock.monotonic()
        act()
        found.append(clock.monotonic() - begun)
    return statistics.median(found)


def measure(size: Size) -> list[dict[str, Any]]:
    """Return the rows of the report."""
    rows: list[dict[str, Any]] = []
    with TemporaryDirectory() as name, running(size.contacts, Path(name)) as lane:
        people = lane.people()
        # Both workers have read the model by then, as those have whose tenant was scored lately.
        singles(lane, people[:12])
        for latency in size.latencies:
            lane.latency(latency)
            lane.services.clock.sleep(SPREAD_SECONDS)
            limit, before = floor(lane, people[0], 5), lane.spent()
            found = singles(lane, people[: size.singles])
            named = f"one lead, CRM {latency * 1000:.0f} ms away"
            rows += [*quantiles(named, found, limit, IDLE_REQUIRED), spent(named, lane.spent() - before, found)]
        lane.latency(size.latencies[1])
        for count in size.bursts:
            lane.services.clock.sleep(SPREAD_SECONDS)
            before = lane.spent()
            found = lane.burst(people[:count])
            named = (
                f"{min(count, len(people))} leads in {SPREAD_SECONDS:.0f} s, CRM {size.latencies[1] * 1000:.0f} ms away"
            )
            rows += [*quantiles(named, found, BURST_SECONDS, 1.0), spent(named, lane.spent() - before, found)]
    return rows


def spent(name: str, seconds: float, found: Sequence[float]) -> dict[str, Any]:
    """The row for the workers' processor time a lead: nothing is asked of it."""
    each = round(seconds / len(found), 5)
    row = {"name": f"{name}, processor time a lead", "unit": "s", "achieved": each, "limit": each, "ratio": 1.0}
    return {**row, "required": 0.0, "median_of": 1, "spread": 0.0}


def quantiles(name: str, found: Sequence[float], limit: float, required: float) -> list[dict[str, Any]]:
    """Rows for the median and the 99th percentile (nearest rank)."""
    ordered = sorted(found)
    spread = round(statistics.pstdev(ordered), 4)
    made = []
    for share in (0.5, 0.99):
        seconds = nearest_rank(ordered, share)
        row = {
            "name": f"{name}, p{share * 100:.0f}",
            "unit": "s",
            "achieved": round(seconds, 4),
            "limit": round(limit, 4),
        }
        made.append({**row, "ratio": round(limit / seconds, 3), "required": required, "median_of": len(ordered)})
        made[-1]["spread"] = spread
    return made


def main() -> None:
    """Measure, print a table, and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--report", type=Path)
    chosen = parser.parse_args()
    rows = measure(QUICK if chosen.quick else FULL)
    for row in rows:
        sys.stdout.write(
            f"{row['name']:<66} {row['achieved']:>8.4f} s   limit {row['limit']:>7.4f} s   ratio {row['ratio']:.2f}\n"
        )
    if chosen.report:
        reported(chosen.report, rows, {"load": round(os.getloadavg()[0], 1), "quick": chosen.quick})


if __name__ == "__main__":
    main()
