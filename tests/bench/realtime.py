"""How fast the real-time lane is: from a webhook that was accepted to the value in the CRM.

``python -m tests.bench.realtime [--quick] [--report FILE]``: a sandbox CRM in a process of its own is filled, read and
scored; then signed webhooks tell of single leads, a while apart, at several latencies of the CRM, and of many leads
within ten seconds. Workers of the lane are threads of this process; the tenant writes every score again, so that each
hint ends in a write. The floor of a single lead is measured in the same run: what the CRM takes to be asked for one
person and to take one value, one commit, one dispatch.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import orjson
import requests
import sqlalchemy as sa

from connector.adapters.contract import Delivery
from connector.adapters.hubspot.webhooks import SIGNATURE, TIMESTAMP, signature
from connector.clock import SystemClock
from connector.demo.browser import consent
from connector.records import ScoreWrite
from connector.services import install, webhooks
from connector.services.context import REALTIME, Services
from connector.services.scored import from_json
from connector.services.warm import Warm
from connector.store import connections, outbox, traces
from connector.store.tables import lanes, records
from tests.bench.line import Plan, sandbox, wire
from workers.outcomes import carry_out
from workers.turns import take_turns

VENDOR, SECRET, ADDRESS = "hubspot", "sandbox-secret", "http://127.0.0.1:1/webhooks/hubspot"
EVENTS_A_REQUEST = 100
WORKERS = 4
SPREAD_SECONDS, PATIENCE_SECONDS = 10.0, 120.0
IDLE_REQUIRED, BURST_SECONDS = 1 / 1.5, 5.0


@dataclass(frozen=True, slots=True)
class Size:
    """What is measured: latencies in seconds with so many single leads each, and bursts at the middle latency."""

    contacts: int
    latencies: tuple[float, ...]
    singles: int
    bursts: tuple[int, ...]


FULL = Size(6_000, (0.05, 0.15, 0.3), 40, (100, 1_000, 5_000))
QUICK = Size(600, (0.05, 0.15), 15, (100, 400))


@dataclass
class Lane:
    """The product, wired to a sandbox, with threads that take turns."""

    services: Services
    origin: str
    connection_id: UUID
    queue: SimpleQueue[tuple[str, UUID] | None]

    def latency(self, seconds: float) -> None:
        """Let the CRM be so far away."""
        fault = {"kind": "slow", "times": None, "seconds": seconds}
        requests.post(f"{self.origin}/_sandbox/faults", json={"faults": [fault]}, timeout=60).raise_for_status()

    def push(self, record_ids: Sequence[str]) -> None:
        """Send one signed request, as HubSpot does, that tells of some changed contacts."""
        now = self.services.clock.now()
        stamp = str(int(now.timestamp() * 1000))
        with self.services.store.reading() as session:
            account = connections.get(session, self.connection_id).account_id
        body = orjson.dumps(
            [
                {
                    "subscriptionType": "contact.propertyChange",
                    "portalId": int(account),
                    "objectId": int(record_id),
                    "occurredAt": int(stamp),
                    "propertyName": "jobtitle",
                    "eventId": f"{stamp}{record_id}",
                }
                for record_id in record_ids
            ]
        )
        headers = {SIGNATURE: signature(SECRET, "POST", ADDRESS, body, stamp), TIMESTAMP: stamp}
        webhooks.receive(self.services, VENDOR, Delivery("POST", ADDRESS, headers, body))

    def people(self) -> list[str]:
        """Records whose score the CRM holds."""
        with self.services.store.reading() as session:
            return sorted(outbox.delivered_of(session, self.connection_id), key=int)

    def until_delivered(self, count: int) -> list[float]:
        """Wait until so many traces have ended; return seconds from accepted to delivered, and forget the traces."""
        clock = self.services.clock
        deadline = clock.monotonic() + PATIENCE_SECONDS
        while True:
            with self.services.store.reading() as session:
                rows = traces.newest(session, self.connection_id, 20_000)
                due = [row.due_at for row in session.execute(sa.select(lanes.c.due_at))]
            ended = [row for row in rows if row.delivered_at]
            if len(ended) >= count:
                break
            if clock.monotonic() > deadline:
                raise SystemExit(f"Only {len(ended)} of {count} leads were delivered; work is due at {due}.")
            clock.sleep(0.005)
        with self.services.store.transaction() as session:
            traces.prune(session, clock.now())
        return [(row.delivered_at - row.received_at).total_seconds() for row in ended]


@contextmanager
def running(size: Size, folder: Path) -> Iterator[Lane]:
    """A tenant that is read and scored, and workers that wait."""
    with sandbox(Plan(VENDOR, size.contacts, 0.0, False), folder) as origin:
        queue: SimpleQueue[tuple[str, UUID] | None] = SimpleQueue()
        services = wire(VENDOR, origin, folder, [])
        settings = {**services.onboarding, "minimum_step": 0, "complexity": "interpretable"}
        services = replace(services, wake=lambda name, work: queue.put((name, work)), onboarding=settings)
        landed = consent(requests.Session(), install.begin(services, VENDOR, "bench", None))
        query = parse_qs(urlsplit(landed).query)
        installed = install.complete(services, VENDOR, "bench", query["state"][0], query["code"][0])
        while not queue.empty():
            work = queue.get()
            assert work
            carry_out(services, work[1])
        warm = Warm(services)
        workers = [Thread(target=serve, args=(warm, queue), daemon=True) for _ in range(WORKERS)]
        for worker in workers:
            worker.start()
        try:
            yield Lane(services, origin, installed.connection_id, queue)
        finally:
            for _ in workers:
                queue.put(None)
            for worker in workers:
                worker.join()


def serve(warm: Warm, queue: SimpleQueue[tuple[str, UUID] | None]) -> None:
    """Take turns as a worker process does."""
    while (work := queue.get()) is not None:
        name, work_id = work
        if name == REALTIME:
            for piece, pause in take_turns(warm, work_id).items():
                warm.services.clock.sleep(pause)
                queue.put((REALTIME, piece))


def singles(lane: Lane, people: Sequence[str]) -> list[float]:
    """Tell of one lead after another, each once the last one is done."""
    found = []
    for person in people:
        lane.push([person])
        found += lane.until_delivered(1)
    return found


def burst(lane: Lane, people: Sequence[str]) -> list[float]:
    """Tell of many leads within ten seconds."""
    clock = lane.services.clock
    parts = [people[start : start + EVENTS_A_REQUEST] for start in range(0, len(people), EVENTS_A_REQUEST)]
    begun = clock.monotonic()
    for number, part in enumerate(parts):
        clock.sleep(max(0.0, begun + number * SPREAD_SECONDS / len(parts) - clock.monotonic()))
        lane.push(part)
    return lane.until_delivered(len(people))


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
    with TemporaryDirectory() as name, running(size, Path(name)) as lane:
        people = lane.people()
        singles(lane, people[:3])
        for latency in size.latencies:
            lane.latency(latency)
            lane.services.clock.sleep(SPREAD_SECONDS)
            limit = floor(lane, people[0], 5)
            found = singles(lane, people[: size.singles])
            rows += quantiles(f"one lead, CRM {latency * 1000:.0f} ms away", found, limit, IDLE_REQUIRED)
        lane.latency(size.latencies[1])
        for count in size.bursts:
            lane.services.clock.sleep(SPREAD_SECONDS)
            found = burst(lane, people[:count])
            named = (
                f"{min(count, len(people))} leads in {SPREAD_SECONDS:.0f} s, CRM {size.latencies[1] * 1000:.0f} ms away"
            )
            rows += quantiles(named, found, BURST_SECONDS, 1.0)
    return rows


def quantiles(name: str, found: Sequence[float], limit: float, required: float) -> list[dict[str, Any]]:
    """Rows for the median and the 99th percentile (nearest rank)."""
    ordered = sorted(found)
    spread = round(statistics.pstdev(ordered), 4)
    made = []
    for share in (0.5, 0.99):
        seconds = ordered[min(int(share * len(ordered)), len(ordered) - 1)]
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
            f"{row['name']:<52} {row['achieved']:>8.3f} s   limit {row['limit']:>7.3f} s   ratio {row['ratio']:.2f}\n"
        )
    machine = f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    if chosen.report:
        chosen.report.write_text(json.dumps({"machine": machine, "rows": rows}, indent=2), "utf-8")
    sys.stdout.write(f"{machine}, {SystemClock().now():%Y-%m-%d}\n")


if __name__ == "__main__":
    main()
