"""A quick look each minute at accounts that don't push: one cheap question whether anything changed.

What it misses (a row that becomes visible late, an object that it does not ask about) is found by the
nightly reading (services/polling).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from connector.errors import Disconnected, NeedsAdmin, RetryLater
from connector.services import pipeline
from connector.services.context import Services
from connector.services.opening import app_of, open_adapter, read_connection
from connector.services.tokens import mark_disconnected
from connector.store import looks, runs
from connector.store.connections import CrmConnection

log = logging.getLogger("connector.looking")

_CONNECTIONS = 500
"""Accounts of a vendor that one call names at most; the next call takes the rest."""

_PUSHING = timedelta(days=1)
"""An account that pushed within this time is believed to push."""


def due(services: Services) -> Sequence[UUID]:
    """Return the connections that are to be looked at now."""
    now = services.clock.now()
    found: list[UUID] = []
    for vendor, app in services.apps.items():
        seconds = app.capabilities.look_seconds
        if seconds is not None:
            since = now - timedelta(seconds=seconds)
            with services.store.reading() as session:
                found += looks.due(session, vendor, since, now - _PUSHING, _CONNECTIONS)
    return found


def look(services: Services, connection_id: UUID) -> bool:
    """Ask one account whether anything changed since its tenant's newest run was made; tell whether a refresh began.

    Does nothing where another worker has looked meanwhile.
    """
    connection, now = read_connection(services, connection_id), services.clock.now()
    seconds = app_of(services, connection.vendor).capabilities.look_seconds
    since = _since(services, connection)
    if seconds is None or since is None:
        return False
    with services.store.transaction(connection.tenant_id) as session:
        if not looks.claim(session, connection_id, now - timedelta(seconds=seconds), now):
            return False
    try:
        changed = open_adapter(services, connection_id, realtime=True).changed_since(since)
    except RetryLater as later:
        _postpone(services, connection, now + timedelta(seconds=max(0.0, later.after_seconds - seconds)))
        return False
    except Disconnected as gone:
        mark_disconnected(services, connection, str(gone))
        return False
    except NeedsAdmin:
        log.warning("connection %s can't be looked at: a refresh will tell its admin why", connection_id)
        changed = True
    return changed and _refresh(services, connection)


def _since(services: Services, connection: CrmConnection) -> datetime | None:
    with services.store.reading(connection.tenant_id) as session:
        latest = runs.latest(session, connection.tenant_id, pipeline.READING)
    return latest.created_at if latest else None


def _postpone(services: Services, connection: CrmConnection, looked_at: datetime) -> None:
    with services.store.transaction(connection.tenant_id) as session:
        looks.postpone(session, connection.id, looked_at)


def _refresh(services: Services, connection: CrmConnection) -> bool:
    with services.store.transaction(connection.tenant_id) as session:
        ready = pipeline.start_unless_waiting(services, session, connection.tenant_id)
    services.wake_all(ready)
    return bool(ready)
