"""Reading again by the clock: what no webhook announced is found after a while all the same."""

from __future__ import annotations

from datetime import timedelta

from connector.services import pipeline
from connector.services.context import Services
from connector.store import runs

_TENANTS = 500
"""Tenants that one call starts at most; the next call takes the rest."""


def poll(services: Services, every: timedelta) -> int:
    """Start a refresh for tenants whose last run ended ``every`` ago or longer; return how many.

    A tenant whose run is under way or waits for its admin is left alone.
    """
    with services.store.reading() as session:
        idle = runs.idle_tenants(session, services.clock.now() - every, _TENANTS, pipeline.READING)
    for tenant_id in idle:
        with services.store.transaction() as session:
            ready = pipeline.start_unless_waiting(services, session, tenant_id)
        services.wake_all(ready)
    return len(idle)
