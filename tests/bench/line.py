"""How fast a CRM is read and written, beside what its limits allow.

``python -m tests.bench.line hubspot --contacts 5000``: fills a sandbox CRM in a process of its own, 100 ms
away, runs the line against it on the real clock, and prints records and requests a second, the share of the
published ceiling, refused requests, and the most memory that the reading process held; and where the CRM works
on batch jobs one after another, the share of the time in which it had one of ours. ``--only read`` stops once
everything is read.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import requests
import sqlalchemy as sa

from connector.adapters.contract import AppCredentials, Capabilities, Lane
from connector.adapters.limits import Governor
from connector.adapters.registry import REGISTRY, build
from connector.clock import SystemClock
from connector.crypto import TokenCipher, new_key
from connector.demo.browser import consent
from connector.services import install
from connector.services.children import in_child
from connector.services.context import Services
from connector.services.hooks import HookAddresses
from connector.store import connections, outbox, runs
from connector.store.migrate import upgrade
from connector.store.session import open_store
from connector.store.tables import intents
from workers.outcomes import carry_out

PATIENCE_SECONDS = 900.0
REDIRECT = "http://127.0.0.1:1/callback"
MEBIBYTE = 1024


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured. ``latency`` is how far away the CRM is, in seconds."""

    vendor: str
    contacts: int
    latency: float
    only_read: bool


@contextmanager
def sandbox(plan: Plan, folder: Path) -> Iterator[str]:
    """Serve a filled sandbox CRM; give its origin."""
    port_file = folder / "port"
    command = [sys.executable, "-m", "connector.sandbox", plan.vendor, "--port-file", str(port_file)]
    command += ["--contacts", str(plan.contacts), "--latency", str(plan.latency), "--redirect-uri", REDIRECT]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    clock = SystemClock()
    deadline = clock.monotonic() + PATIENCE_SECONDS
    try:
        while not port_file.exists():
            if process.poll() is not None or clock.monotonic() > deadline:
                raise SystemExit(f"The {plan.vendor} sandbox did not start.")
            clock.sleep(0.1)
        yield f"http://127.0.0.1:{port_file.read_text('ascii')}"
    finally:
        process.terminate()
        process.wait()


def wire(vendor: str, origin: str, folder: Path, woken: list[UUID]) -> Services:
    """Wire the product in this process, with the governor's memory here."""
    clock = SystemClock()
    store = open_store(f"sqlite:///{folder / 'bench.db'}")
    upgrade(store)
    governor = Governor(None, clock)
    app = build(vendor, AppCredentials("sandbox-client", "sandbox-secret", origin, origin, REDIRECT, ""))

    def lane(name: str, account_id: str, capabilities: Capabilities, *, realtime: bool) -> Lane:
        return governor.lane(name, account_id, capabilities.budgets, realtime=realtime)

    return Services(
        store=store,
        clock=clock,
        cipher=TokenCipher([new_key()]),
        apps={vendor: app},
        lane=lane,
        wake=lambda _queue, intent_id: woken.append(intent_id),
        isolated=in_child,
        lease_seconds=60,
        onboarding=requests.get(f"{origin}/_sandbox/population", timeout=30).json()["tenant"],
        hooks=HookAddresses("http://127.0.0.1:1", "s" * 32),
        admit=governor.admit,
    )


def measure(plan: Plan) -> dict[str, Any]:
    """Run the line once; return its figures."""
    with TemporaryDirectory() as name, sandbox(plan, Path(name)) as origin:
        woken: list[UUID] = []
        services = wire(plan.vendor, origin, Path(name), woken)
        declared = services.apps[plan.vendor].capabilities
        landed = consent(requests.Session(), install.begin(services, plan.vendor, "bench", None))
        query = parse_qs(urlsplit(landed).query)
        installed = install.complete(services, plan.vendor, "bench", query["state"][0], query["code"][0])
        figures: dict[str, Any] = {"vendor": plan.vendor, "records": plan.contacts}
        while woken:
            intent_id = woken.pop(0)
            requests.delete(f"{origin}/_sandbox/requests", timeout=60).raise_for_status()
            carry_out(services, intent_id)
            stage = stage_of(services, intent_id)
            if stage == "sync":
                # Before the log is fetched, which is no part of reading.
                figures["peak_mebibytes"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEBIBYTE, 1)
                read = done_in(services, installed.tenant_id, stage)
                figures["read"] = pace(declared, log_of(origin), read, plan.latency)
                if plan.only_read:
                    return figures
            elif stage == "deliver":
                written = written_in(services, installed.tenant_id)
                log = log_of(origin)
                ran = busy(log, jobs_of(origin), plan.latency)
                figures["write"] = {**pace(declared, log, written, plan.latency), **ran}
        return figures


def done_in(services: Services, tenant_id: UUID, stage: str) -> int:
    """Return how much a stage of the newest run has done."""
    with services.store.reading() as session:
        run = runs.latest(session, tenant_id)
        assert run
        return runs.stages(session, run.id)[stage].done


def written_in(services: Services, tenant_id: UUID) -> int:
    """Return how many records hold their score."""
    with services.store.reading() as session:
        (connection,) = connections.of_tenant(session, tenant_id)
        return len(outbox.delivered_of(session, connection.id))


def stage_of(services: Services, intent_id: UUID) -> str:
    """Return the stage of an intent that was done."""
    with services.store.reading() as session:
        return session.execute(sa.select(intents.c.stage).where(intents.c.id == intent_id)).scalar_one()


def log_of(origin: str) -> list[dict[str, Any]]:
    """Return what the sandbox was asked so far."""
    found: list[dict[str, Any]] = requests.get(f"{origin}/_sandbox/requests", timeout=60).json()
    return found


def jobs_of(origin: str) -> list[dict[str, Any]]:
    """Return the batch jobs of a sandbox that works on them one after another, none of any other."""
    answer = requests.get(f"{origin}/_sandbox/jobs", timeout=60)
    found: list[dict[str, Any]] = answer.json() if answer.ok else []
    return found


def busy(log: list[dict[str, Any]], jobs: list[dict[str, Any]], latency: float) -> Mapping[str, Any]:
    """Return how many jobs ran during some requests, and the share of that time in which one did."""
    begun = min(entry["monotonic"] for entry in log)
    ended = max(entry["monotonic"] for entry in log) + latency
    spent = [min(job["ends"], ended) - max(job["begins"], begun) for job in jobs]
    ran = [seconds for seconds in spent if seconds > 0]
    return {"jobs": len(ran), "job_share": round(sum(ran) / (ended - begun), 3)} if ran else {}


def pace(declared: Capabilities, log: list[dict[str, Any]], done: int, latency: float) -> Mapping[str, Any]:
    """Return counts and rates of some requests.

    ``ceiling_share`` is that of the budget used most; None where all fitted into its first window,
    which a vendor grants at once.
    """
    seconds = max(entry["at"] for entry in log) - min(entry["at"] for entry in log) + latency
    used = Counter(entry["limit_bucket"] for entry in log)
    shares = [
        used[budget.name] / seconds / (budget.requests / (budget.seconds or latency))
        for budget in declared.budgets
        if used[budget.name] > budget.requests
    ]
    return {
        "seconds": round(seconds, 2),
        "requests": len(log),
        "refused": sum(entry["status"] == 429 for entry in log),
        "done_per_second": round(done / seconds, 1),
        "ceiling_share": round(max(shares), 3) if shares else None,
    }


def main() -> None:
    """Measure the CRMs that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("vendor", nargs="*", default=sorted(REGISTRY))
    parser.add_argument("--contacts", type=int, default=5_000)
    parser.add_argument("--latency", type=float, default=0.1, help="seconds that the CRM adds to each answer")
    parser.add_argument("--only", choices=["read"], help="stop after this")
    chosen = parser.parse_args()
    if len(chosen.vendor) == 1:
        plan = Plan(*chosen.vendor, chosen.contacts, chosen.latency, chosen.only == "read")
        sys.stdout.write(json.dumps(measure(plan), indent=2) + "\n")
        return
    for vendor in chosen.vendor:
        # A process each: memory is measured at its highest.
        options = [option for option in sys.argv[1:] if option not in chosen.vendor]
        subprocess.run([sys.executable, "-m", "tests.bench.line", vendor, *options], check=True)


if __name__ == "__main__":
    main()
