"""The product as real processes for the end-to-end tests, small and at a fixed instant."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from connector.demo.browser import Browser
from connector.demo.options import DemoOptions
from connector.demo.readback import read_back
from connector.demo.stack import Stack
from connector.services.context import Services
from connector.store import connections, outbox, runs, tenants
from connector.store.runs import Run, RunStatus, StageProgress
from connector.store.session import Store
from connector.store.tenants import Delivery
from scoring.schema import Complexity

AS_OF = "2026-03-01T00:00:00+00:00"
PATIENCE_SECONDS = 150.0
LEASE_SECONDS = 4
"""How long a killed worker's work waits for the next one."""


def options(**changes: object) -> DemoOptions:
    """A small made-up population that ends at a fixed instant."""
    values: dict[str, object] = {
        "once": True,
        "data": None,
        "mapping": None,
        "report": None,
        "keep": False,
        "contacts": 600,
        "seed": 3,
        "now": AS_OF,
        "crms": ("hubspot",),
    }
    return DemoOptions(**{**values, **changes})  # type: ignore[arg-type]


@contextmanager
def running(folder: Path, chosen: DemoOptions, database_url: str | None = None) -> Iterator[tuple[Stack, Services]]:
    """Start everything and install the app; end everything whatever happens."""
    seconds = {"CONNECTOR_LEASE_SECONDS": str(LEASE_SECONDS)}
    # Nobody is there to approve.
    stack = Stack(chosen, folder, database_url=database_url, settings=seconds, delivery=Delivery.ON)
    try:
        services = stack.start()
        Browser().install(stack.web, "hubspot", stack.web)
        simplest_model(services.store)
        stack.start_worker()
        yield stack, services
    finally:
        stack.stop()


def simplest_model(store: Store) -> None:
    """Let the newest tenant have it: on trial is the line; which model is the best is searched elsewhere."""
    with store.transaction() as session:
        tenant = tenants.get(session, connections.newest(session).tenant_id)
        simple = replace(tenant.settings, complexity=Complexity.INTERPRETABLE)
        tenants.save_settings(session, tenant.id, simple)


def progress(services: Services) -> tuple[Run, dict[str, StageProgress]]:
    """Return the newest run and its stages."""
    with services.store.reading() as session:
        run = runs.latest(session, connections.newest(session).tenant_id)
        assert run
        return run, runs.stages(session, run.id)


def until_done(stack: Stack, services: Services) -> Run:
    """Wait for the end of the run; fail with the run's own sentence."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        run, _ = progress(services)
        if run.status is RunStatus.DONE:
            return run
        assert run.status is not RunStatus.STOPPED, run.error
        stack.alive()
        time.sleep(0.1)
    raise AssertionError(f"the run did not end: {progress(services)}")


def until_stage(services: Services, stage: str, *, midway: bool) -> None:
    """Wait until a stage has begun (``midway``: and has done a part of its work), or is over."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    run, stages = progress(services)
    while time.monotonic() < deadline:
        reached = stages[stage]
        if reached.status is RunStatus.DONE:
            return
        if reached.status is RunStatus.RUNNING and (reached.done > 0 or not midway):
            return
        time.sleep(0.02)
        with services.store.reading(run.tenant_id) as session:
            stages = runs.stages(session, run.id)
    raise AssertionError(f"stage {stage} was not reached: {stages}")


def held_by_crm(services: Services) -> tuple[int, str]:
    """Return how many records hold a verified score, and a digest of all values as they were delivered."""
    with services.store.reading() as session:
        connection = connections.newest(session)
        values = outbox.delivered_of(session, connection.id)
    checked = read_back(services, connection.id)
    assert checked.verified == checked.written == len(values)
    text = json.dumps(dict(sorted(values.items())), sort_keys=True)
    return checked.verified, hashlib.sha256(text.encode()).hexdigest()
