"""A filled sandbox CRM, and the product wired to it with one tenant that has installed it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import requests
import sqlalchemy as sa
from redis import Redis

from connector.adapters.contract import AppCredentials, Capabilities, Lane
from connector.adapters.limits import Governor
from connector.adapters.registry import build
from connector.clock import Clock
from connector.crypto import SecretKeys, TokenCipher, new_key
from connector.demo.browser import consent
from connector.records import ScoreValues, Tier
from connector.sandbox.config import AppRegistration, Filling, SandboxConfig
from connector.sandbox.server import RunningSandbox
from connector.sandbox.server import start as serve
from connector.services import install
from connector.services.children import in_child
from connector.services.context import Services, Waker
from connector.services.hooks import HookAddresses
from connector.services.values import to_json
from connector.store import intents, outbox, records, runs
from connector.store.migrate import upgrade
from connector.store.outbox import OutboxStatus
from connector.store.runs import RunStatus
from connector.store.session import open_store
from connector.store.tables import intents as intents_table
from connector.store.tables import records as records_table
from connector.store.tenants import Delivery
from workers.outcomes import carry_out

START = datetime(2026, 3, 1, tzinfo=UTC)
REDIRECT = "http://127.0.0.1:1/callback"
LEASE_SECONDS = 86_400.0
"""Nobody else is there to take a stage over, and a virtual clock runs ahead of a real heartbeat."""
AT_ONCE = 5_000
HOT_OF = 10
"""One lead of so many is High-Intent."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured. ``latency`` is how far away the CRM is, in seconds."""

    vendor: str
    contacts: int
    latency: float


@contextmanager
def sandbox(plan: Plan, clock: Clock) -> Iterator[RunningSandbox]:
    """Serve a filled sandbox CRM in this process, on ``clock``."""
    filling = Filling(contacts=plan.contacts, now=START)
    app = AppRegistration(redirect_uris=(REDIRECT,))
    config = SandboxConfig(vendor=plan.vendor, app=app, filling=filling, latency_seconds=plan.latency)
    running = serve(config, clock)
    try:
        yield running
    finally:
        running.stop()


def wire(
    vendor: str,
    origin: str,
    folder: Path,
    clock: Clock,
    wake: Waker,
    key: str | None = None,
    redis: Redis | None = None,
) -> Services:
    """Wire the product in this process; ``key`` is what it keeps tokens under.

    The governor's memory is in ``redis``, else in this process.
    """
    governor = Governor(redis, clock)
    store = open_store(f"sqlite:///{folder / 'bench.db'}")
    upgrade(store)

    def lane(vendor: str, account_id: str, capabilities: Capabilities, *, realtime: bool) -> Lane:
        return governor.lane(vendor, account_id, capabilities.budgets, realtime=realtime)

    credentials = AppCredentials("sandbox-client", "sandbox-secret", origin, origin, REDIRECT, "")
    return Services(
        store=store,
        clock=clock,
        cipher=TokenCipher([key or new_key()]),
        apps={vendor: build(vendor, credentials)},
        lane=lane,
        wake=wake,
        isolated=in_child,
        lease_seconds=LEASE_SECONDS,
        onboarding={
            **requests.get(f"{origin}/_sandbox/population", timeout=30).json()["tenant"],
            "delivery": Delivery.ON,
        },
        hooks=HookAddresses("http://127.0.0.1:1", SecretKeys(("s" * 32,))),
        admit=governor.admit,
    )


class Tenant:
    """One tenant on its way down the line."""

    def __init__(self, vendor: str, origin: str, folder: Path, clock: Clock, **onboarding: object) -> None:
        """Wire the product and install it in the CRM; ``onboarding`` are settings of the tenant's own."""
        self.vendor = vendor
        self._woken: list[UUID] = []
        services = wire(vendor, origin, folder, clock, lambda _queue, intent_id: self._woken.append(intent_id))
        self.services = replace(services, onboarding={**services.onboarding, **onboarding})
        landed = consent(requests.Session(), install.begin(self.services, vendor, "bench", None))
        query = parse_qs(urlsplit(landed).query)
        done = install.complete(self.services, vendor, "bench", query["state"][0], query["code"][0])
        self.id, self.connection_id = done.tenant_id, done.connection_id

    def until(self, stage: str) -> None:
        """Do the line's stages up to the one before ``stage``; raise ``RuntimeError`` where one does not end well."""
        if not self.came_to(stage):
            raise RuntimeError(f"The line of {self.vendor} ended before {stage}: {self._trouble()}")

    def whole(self) -> None:
        """Do the whole line; raise ``RuntimeError`` where it does not end well."""
        self.came_to("")
        with self.services.store.reading() as session:
            run = runs.latest(session, self.id)
        if run is None or run.status != RunStatus.DONE:
            raise RuntimeError(f"The line of {self.vendor} did not end: {self._trouble()}")

    def came_to(self, stage: str) -> bool:
        """Do what is announced; tell whether ``stage`` is next, or else nothing more is announced."""
        while self._woken:
            intent_id = self._woken[0]
            if self._stage_of(intent_id) == stage:
                return True
            self._woken.pop(0)
            carry_out(self.services, intent_id)
        return False

    def done(self, stage: str) -> int:
        """Return how much a stage of the newest run has done."""
        with self.services.store.reading() as session:
            run = runs.latest(session, self.id)
            assert run
            return runs.stages(session, run.id)[stage].done

    def queue_scores(self) -> int:
        """Queue a score for every record, as the scoring stage does, without a model; return how many."""
        with self.services.store.reading() as session:
            leads = session.execute(sa.select(records_table.c.lead_id).distinct()).scalars().all()
            found = [one for part in _cut(leads) for one in records.of_lead(session, self.id, part)]
        with self.services.store.transaction() as session:
            outbox.put(session, [self._waiting(place, record.id) for place, record in enumerate(found)])
        return len(found)

    def deliver(self) -> None:
        """Write what is queued."""
        with self.services.store.transaction() as session:
            run = runs.latest(session, self.id)
            assert run
            added = [str(self.connection_id)]
            intents.add(session, self.id, run.id, "deliver", added, self.services.clock.now())
            ready = intents.ready_of_run(session, run.id)
        carry_out(self.services, next(intent_id for intent_id, stage in ready if stage == "deliver"))
        with self.services.store.reading() as session:
            counts = outbox.counts(session, self.connection_id)
        if set(counts) != {OutboxStatus.DELIVERED}:
            raise RuntimeError(f"Not everything was written: {counts}, {self._trouble()}")

    def _waiting(self, place: int, record_id: int) -> dict[str, Any]:
        hot = place % HOT_OF == 0
        points = Decimal(90 if hot else place % 70)
        values = ScoreValues(
            points, points / 100, Tier.HIGH_INTENT if hot else Tier.LOW, ("Asked for a price.",), "model_v1", START
        )
        return {
            "record_id": record_id,
            "tenant_id": self.id,
            "connection_id": self.connection_id,
            "status": OutboxStatus.PENDING,
            "ledger_seq": place + 1,
            "due_at": self.services.clock.now(),
            "attempts": 0,
            "message": None,
            "values": to_json(values),
        }

    def _stage_of(self, intent_id: UUID) -> str:
        with self.services.store.reading() as session:
            query = sa.select(intents_table.c.stage).where(intents_table.c.id == intent_id)
            return str(session.execute(query).scalar_one())

    def _trouble(self) -> str:
        with self.services.store.reading() as session:
            run = runs.latest(session, self.id)
        return "no run" if run is None else f"{run.status}, {run.error}"


def _cut(found: Sequence[int]) -> Iterator[Sequence[int]]:
    return (found[start : start + AT_ONCE] for start in range(0, len(found), AT_ONCE))
