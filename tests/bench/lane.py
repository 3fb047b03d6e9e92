"""The real-time lane at work for a bench: a sandbox CRM in a process of its own, a tenant, workers that are threads."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import orjson
import requests
import sqlalchemy as sa

from connector.adapters.contract import Delivery
from connector.adapters.hubspot.webhooks import SIGNATURE, TIMESTAMP, signature
from connector.clock import SystemClock
from connector.demo.browser import consent
from connector.services import install, webhooks
from connector.services.context import REALTIME, Services
from connector.services.warm import Warm
from connector.store import connections, outbox, traces
from connector.store.tables import lanes
from tests.bench.line.setting import REDIRECT, wire
from workers.outcomes import carry_out
from workers.turns import take_turns

VENDOR, SECRET, ADDRESS = "hubspot", "sandbox-secret", "http://127.0.0.1:1/webhooks/hubspot"
WORKERS = 4
LEASE_SECONDS = 60.0
PATIENCE_SECONDS = 120.0


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
            clock.sleep(0.05)
        with self.services.store.transaction() as session:
            traces.prune(session, clock.now())
        return [(row.delivered_at - row.received_at).total_seconds() for row in ended]


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
    """A tenant that is read and scored, and workers that wait."""
    with sandbox(contacts, folder) as origin:
        queue: SimpleQueue[tuple[str, UUID] | None] = SimpleQueue()
        services = wire(VENDOR, origin, folder, SystemClock(), lambda name, work: queue.put((name, work)))
        settings = {**services.onboarding, "minimum_step": 0, "complexity": "interpretable"}
        services = replace(services, lease_seconds=LEASE_SECONDS, onboarding=settings)
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
