"""Runs that a person asks for: one at a time, however often the button is pressed."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.engine import Connection

from connector.services import acts, pipeline
from connector.services.context import Services
from connector.store import runs
from connector.store.runs import RunStatus

_UNDER_WAY = (RunStatus.WAITING, RunStatus.RUNNING)


def start_run(services: Services, tenant_id: UUID, kind: str) -> bool:
    """Start a run unless one is under way; tell whether it was started."""
    with services.store.transaction(tenant_id) as session:
        ready = begin(services, session, tenant_id, kind)
    services.wake_all(ready or [])
    return ready is not None


def begin(services: Services, session: Connection, tenant_id: UUID, kind: str) -> pipeline.Ready | None:
    """Add a run in the caller's transaction unless one is under way; return what to announce after its commit."""
    latest = runs.latest(session, tenant_id, pipeline.READING)
    if latest is not None and latest.status in _UNDER_WAY:
        return None
    acts.record(services, session, tenant_id, "start run", kind=kind)
    return pipeline.start(services, session, tenant_id, kind)
