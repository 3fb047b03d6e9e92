"""The real-time lane at work for a bench: a tenant, a sandbox CRM and workers of the lane in processes of their own.

As in a deployment one process takes webhooks and others take turns; between them is a queue.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from queue import SimpleQueue
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import orjson
import psutil
import requests
import sqlalchemy as sa
from redis import Redis

from connector.adapters.contract import Delivery
from connector.adapters.hubspot.webhooks import SIGNATURE, TIMESTAMP, signature
from connector.clock import SystemClock
from connector.crypto import new_key
from connector.demo.browser import consent
from connector.services import install, webhooks
from connector.services.context import REALTIME, Services
from connector.services.warm import Warm, load_libraries
from connector.store import connections, outbox, traces
from connector.store.tables import lanes
from connector.store.tables import traces as traces_table
from tests.bench.line.setting import REDIRECT, wire
from tests.servers import redis_server
from workers.outcomes import carry_out
from workers.turns import take_turns

VENDOR, SECRET, ADDRESS = "hubspot", "sandbox-secret", "http://127.0.0.1:1/webhooks/hubspot"
PROCESSES = 4
EVENTS_A_REQUEST, SPREAD_SECONDS = 100, 10.0
LEASE_SECONDS = 60.0
PATIENCE_SECONDS = 120.0

_SPAWN = get_context("spawn")


@dataclass
class Lane:
    """The product, wired to a sandbox, with worker processes that take turns."""

    services: Services
    origin: str
    connection_id: UUID
    workers: Sequence[int]

    def spent(self) -> float:
        """Return the seconds of processor time that the workers have used since they began."""
        times = [psutil.Process(pid).cpu_times() for pid in self.workers]
        return float(sum(found.user + found.system for found in times))

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

    def burst(self, people: Sequence[str], patience: float = PATIENCE_SECONDS) -> list[float]:
        """Tell of many people within ten seconds; return the seconds that each took until it was delivered."""
        clock = self.services.clock
        parts = [people[start : start + EVENTS_A_REQUEST] for start in range(0, len(people), EVENTS_A_REQUEST)]
        begun = clock.monotonic()
        for number, part in enumerate(parts):
            clock.sleep(max(0.0, begun + number * SPREAD_SECONDS / len(parts) - clock.monotonic()))
            self.push(part)
        return self.until_delivered(len(people), patience)

    def until_delivered(self, count: int, patience: float = PATIENCE_SECONDS) -> list[float]:
        """Wait until so many traces have ended; return seconds from accepted to delivered, and forget the traces."""
        clock = self.services.clock
        deadline = clock.monotonic() + patience
        while True:
            with self.services.store.reading() as session:
                # Only counted until all are there: to read them again and again would be work beside the work.
                ended = session.execute(sa.select(sa.func.count(traces_table.c.delivered_at))).scalar_one()
            if ended >= count:
                break
            if clock.monotonic() > deadline:
                with self.services.store.reading() as session:
                    due = [row.due_at for row in session.execute(sa.select(lanes.c.due_at))]
                raise SystemExit(f"Only {ended} of {count} leads were delivered; work is due at {due}.")
            clock.sleep(0.05)
        with self.services.store.reading() as session:
            rows = [row for row in traces.newest(session, self.connection_id, count) if row.delivered_at]
        with self.services.store.transaction() as session:
            traces.prune(session, clock.now())
        return [(row.delivered_at - row.received_at).total_seconds() for row in rows]


def nearest_rank(ordered: Sequence[float], share: float) -> float:
    """Return the quantile that occurred."""
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


@contextmanager
def sandbox(contacts: int, folder: Path) -> Iterator[str]:
    """Serve a filled sandbox CRM in a process of its own, whose time is none of ours; give its origin."""
    port_file = folder / "port"
    command = [sys.executable, "-m", "connector.sandbox", VENDOR, "--port-file", str(port_file)]
    command += ["--contacts", str(contacts), "--redirect-uri", REDIRECT]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    clock = SystemClock()
    deadline = clock.monotonic() + PATIENCE_SECONDS
    try:
        while not port_file.exists():
            if process.poll() is not None or clock.monotonic() > deadline:
                raise SystemExit("The sandbox did not start.")
            clock.sleep(0.1)
        yield f"http://127.0.0.1:{port_file.read_text('ascii')}"
    finally:
        process.terminate()
        process.wait()


@contextmanager
def running(contacts: int, folder: Path) -> Iterator[Lane]:
    """A tenant that is read and scored, and a worker that waits."""
    with sandbox(contacts, folder) as origin, redis_server(folder / "redis") as shared:
        first: SimpleQueue[tuple[str, UUID]] = SimpleQueue()
        key = new_key()
        services = wire(
            VENDOR,
            origin,
            folder,
            SystemClock(),
            lambda name, work: first.put((name, work)),
            key,
            Redis.from_url(shared),
        )
        settings = {**services.onboarding, "minimum_step": 0, "complexity": "interpretable"}
        services = replace(services, onboarding=settings)
        landed = consent(requests.Session(), install.begin(services, VENDOR, "bench", None))
        query = parse_qs(urlsplit(landed).query)
        installed = install.complete(services, VENDOR, "bench", query["state"][0], query["code"][0])
        while not first.empty():
            carry_out(services, first.get()[1])
        queue = _SPAWN.Queue()
        # As the Procfile says: polars' own threads cost a single lead more than they give it.
        os.environ["POLARS_MAX_THREADS"] = "1"
        workers = [
            _SPAWN.Process(target=work, args=(origin, folder, key, queue, shared), daemon=True)
            for _ in range(PROCESSES)
        ]
        for worker in workers:
            worker.start()
        services = replace(services, wake=lambda name, work: queue.put((name, work)))
        try:
            yield Lane(services, origin, installed.connection_id, [int(worker.pid or 0) for worker in workers])
        finally:
            for _ in range(PROCESSES):
                queue.put(None)
            for worker in workers:
                worker.join()


def work(origin: str, folder: Path, key: str, queue: Any, shared: str) -> None:
    """Be a worker process; the governor's memory is in the broker, as all of them count the same requests."""
    load_libraries()
    services = wire(
        VENDOR, origin, folder, SystemClock(), lambda name, work: queue.put((name, work)), key, Redis.from_url(shared)
    )
    # As workers do once they are ready (workers/lifecycle).
    gc.freeze()
    serve(Warm(replace(services, lease_seconds=LEASE_SECONDS)), queue)


def serve(warm: Warm, queue: Any) -> None:
    """Take turns as a worker does, until there are no more."""
    while (work := queue.get()) is not None:
        name, work_id = work
        if name == REALTIME:
            for piece, pause in take_turns(warm, work_id).items():
                warm.services.clock.sleep(pause)
                queue.put((REALTIME, piece))
