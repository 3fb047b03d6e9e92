"""Where the simulator touches the product: what is put in its place, and how its work is driven.

Everything here follows ``workers/tasks.py``, ``connector/web/webhooks.py`` and ``connector/bootstrap.py``; when
those change, this is the one file to change with them.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch
from uuid import UUID

# Imported before chance is put in its place, of which it takes some when it is first imported.
import numpy.random  # noqa: F401

import scoring.experiments.assignment  # noqa: F401
from connector import crashpoints
from connector.adapters.contract import Capabilities, CrmApp, Delivery, Lane
from connector.adapters.limits import Governor
from connector.crypto import SecretKeys, TokenCipher
from connector.errors import RejectedInput
from connector.records import Tier
from connector.services import (
    fetching,
    heartbeat,
    identity,
    install,
    job,
    looking,
    pipeline,
    realtime,
    renewing,
    rescoring,
    schedules,
    scoring_run,
    sending,
    snapshot,
    sync,
    webhooks,
)
from connector.services.champions import trying
from connector.services.champions.entering import Trial
from connector.services.context import REALTIME, Services
from connector.services.feedback import overriding
from connector.services.feedback.overriding import Wish
from connector.services.hooks import HookAddresses
from connector.services.usage import Meter
from connector.services.warm import Warm
from connector.store import models, overrides, runs, scores
from connector.store import schedules as schedule_rows
from connector.store.models import ModelVersion
from connector.store.session import Store
from tests.simulator import quick
from tests.simulator.broker import Broker, Message
from tests.simulator.clocks import LARGEST_OFFSET, HostClock
from tests.simulator.kernel import Kernel, Process
from tests.simulator.pools import SimulatedPool, SimulatedThreading
from tests.simulator.storm import Boundary
from workers.outcomes import take_turn
from workers.turns import take_turns

LEASE_SECONDS = 30.0
SWEEP_SECONDS = 15.0
REFRESH_SECONDS = 240.0

KEY = "c2ltdWxhdG9yLXNpbXVsYXRvci1zaW11bGF0b3ItMDE="


def services(
    process: Process,
    kernel: Kernel,
    store: Store,
    apps: Mapping[str, CrmApp],
    governor: Governor,
    broker: Broker,
) -> Services:
    """Wire the services of one process, as ``connector.bootstrap`` does."""

    def lane(vendor: str, account_id: str, capabilities: Capabilities, *, realtime: bool) -> Lane:
        return governor.lane(vendor, account_id, capabilities.budgets, realtime=realtime)

    return Services(
        store=store,
        clock=HostClock(kernel, process),
        cipher=TokenCipher([KEY]),
        apps=apps,
        lane=lane,
        wake=lambda queue, work_id: broker.send("realtime" if queue == REALTIME else "work", str(work_id)),
        isolated=quick.isolated,
        lease_seconds=LEASE_SECONDS,
        onboarding={"delivery": "on"},
        hooks=HookAddresses("https://scores.example.com", SecretKeys(("s" * 32,))),
        admit=lambda _key: 0.0,
        refresh_seconds=REFRESH_SECONDS,
        # What real processors take differs from run to run: a seed would not repeat.
        meter=Meter(seconds=lambda: 0.0),
    )


def do(warm: Warm, broker: Broker, message: Message) -> None:
    """Do what a message asks for, as ``workers.tasks`` does; ``warm`` is what its process remembers."""
    services, (task, *arguments) = warm.services, message
    if task == "work":
        take_turn(services, UUID(arguments[0]))
    elif task == "realtime":
        for work_id, pause in take_turns(warm, UUID(arguments[0])).items():
            broker.send_later(pause, "realtime", str(work_id))
    elif task == "sweep":
        _sweep(services, broker)
    elif task == "scheduled":
        schedules.carry_out(services, UUID(arguments[0]), arguments[1])
    elif task == "look":
        looking.look(services, UUID(arguments[0]))
    elif task == "renew":
        renewing.renew(services, UUID(arguments[0]))


def _sweep(services: Services, broker: Broker) -> None:
    pipeline.sweep(services)
    realtime.sweep(services)
    for tenant_id, kind in schedules.sweep(services):
        broker.send("scheduled", str(tenant_id), kind)
    for connection_id in looking.due(services):
        broker.send("look", str(connection_id))
    for connection_id in renewing.due(services):
        broker.send("renew", str(connection_id))


def is_entered(services: Services, tenant_id: UUID) -> bool:
    """Tell whether everything that is done for the tenant by the clock is on the list."""
    with services.store.reading() as session:
        return all(tenant_id not in schedule_rows.without(session, kind, 1) for kind in schedules.KINDS)


def has_rested(services: Services, tenant_id: UUID) -> bool:
    """Tell whether a process with any clock would read the tenant's accounts by the clock now."""
    with services.store.reading(tenant_id) as session:
        latest = runs.latest(session, tenant_id, pipeline.READING)
    ended = latest.finished_at if latest else None
    return ended is None or ended <= services.clock.now() - timedelta(seconds=REFRESH_SECONDS + LARGEST_OFFSET)


def read_everything(services: Services, tenant_id: UUID) -> None:
    """Let all accounts be read by the clock now, as after an outage: what no webhook told is found."""
    with services.store.transaction() as session:
        schedule_rows.bring_forward(session, schedules.CATCH_UP, {tenant_id: services.clock.now()})


def wait_for_a_word(services: Services, tenant_id: UUID, version: str) -> None:
    """Store a second model, which scores as the first one does, and waits for approval."""
    now = services.clock.now()
    model = ModelVersion(version, now, 1, b"quick", "1" * 64, {}, now)
    with services.store.transaction() as session:
        models.keep(session, tenant_id, model, models.WAITING, models.Decided({"sentence": "It waits."}, now))


def begin_trial(services: Services, tenant_id: UUID) -> None:
    """Let half of the companies be scored by the model that waits."""
    with services.store.reading() as session:
        (version,) = models.waiting(session, tenant_id) or ("none",)
    trying.begin(services, tenant_id, version, Trial(Decimal("0.5"), 7, 1.0))


def withdraw_trial(services: Services, tenant_id: UUID) -> None:
    """Take it back."""
    trying.withdraw(services, tenant_id)


def promote_trial(services: Services, tenant_id: UUID) -> None:
    """Let it score everybody."""
    trying.promote(services, tenant_id)


def installed(services: Services, vendor: str, tenant_id: UUID | None) -> UUID:
    """Go through an installation as a browser would; return the tenant."""
    url = install.begin(services, vendor, "browser", tenant_id)
    return install.complete(services, vendor, "browser", url.partition("state=")[2], vendor).tenant_id


def say_by_hand(services: Services, tenant_id: UUID, place: float, tenths: int) -> str:
    """Set the score of the lead at ``place`` (0 to 1) by hand, as its page does; return what became of that."""
    with services.store.reading(tenant_id) as session:
        found = sorted(scores.tiers(session, tenant_id))
    lead_id = found[int(place * len(found))]
    try:
        wish = Wish(Tier.MEDIUM, Decimal(tenths) / 10, "known")
        overriding.set_by_hand(services, tenant_id, lead_id, wish)
    except RejectedInput as refused:
        return str(refused)
    return f"lead {lead_id} is set to {wish.score}"


def release(services: Services, tenant_id: UUID, place: float) -> str:
    """Release the lead at ``place`` among those that were set, as its page does; return what became of that."""
    with services.store.reading(tenant_id) as session:
        found = sorted({item.lead_id for item in overrides.of_tenant(session, tenant_id)})
    if not found:
        return "nobody was set"
    lead_id = found[int(place * len(found))]
    released = overriding.release(services, tenant_id, lead_id)
    return f"lead {lead_id} is released" if released else f"lead {lead_id} was released meanwhile"


def receive(services: Services, vendor: str, delivery: Delivery, key: str | None) -> None:
    """Take what a vendor pushed, as the web does before it answers."""
    webhooks.receive(services, vendor, delivery, key)


@contextmanager
def simulated(kernel: Kernel, boundary: Boundary, seed: int | str) -> Iterator[None]:
    """Put the simulator's threads, pools, chance and quick model in the place of the real ones."""
    chance = random.Random(f"chance {seed}").randbytes
    pool: Callable[..., SimulatedPool] = lambda size, thread_name_prefix="": SimulatedPool(  # noqa: E731 - a seam
        kernel, size, thread_name_prefix
    )
    seams: list[tuple[Any, str, Any]] = [
        (os, "urandom", chance),
        (random, "_urandom", chance),
        (sync, "ThreadPoolExecutor", pool),
        (sending, "ThreadPoolExecutor", pool),
        (fetching, "ThreadPoolExecutor", pool),
        (heartbeat, "threading", SimulatedThreading(kernel)),
        (snapshot, "history", quick.history),
        (rescoring, "score", quick.rescored),
        # Small enough that a handful of people makes several chunks of each.
        (identity, "_CHUNK", 5),
        (scoring_run, "_CHUNK", 4),
        (sync, "_HINTS", 3),
        (sending, "RECORDED_AT_ONCE", 3),
        (sending, "PARALLEL_WRITES", 2),
        (realtime, "MOST", 4),
        (realtime, "CROWD", 2),
        # Nobody stops a simulated worker, so that its stages need not look for that each second.
        (job, "LOOK_SECONDS", LEASE_SECONDS / 3),
    ]
    patches = [patch.object(owner, name, value) for owner, name, value in seams]
    with crashpoints.watching(boundary.reached):
        for item in patches:
            item.start()
        try:
            yield
        finally:
            for item in patches:
                item.stop()
