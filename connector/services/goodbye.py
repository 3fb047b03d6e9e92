"""An account whose CRM's side ended it: no more calls, no tokens, and its data go by their deadline."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.services.context import Services
from connector.store import connections, departures, schedules
from connector.store.connections import Health
from connector.store.schedules import Next

FORGET_ACCOUNTS = "forget_accounts"
"""The kind of what is due by the clock: accounts that were left are forgotten."""


def stop(services: Services, session: Connection, connection_id: UUID, reason: str) -> None:
    """Stop using a connection whose grant is gone, and destroy its tokens. One that was left before stays as it is."""
    connection = connections.get(session, connection_id)
    if connection.status is Health.DISCONNECTED:
        return
    now = services.clock.now()
    data_due_at = now + services.keeping.after_leaving
    connections.set_health(session, connection_id, Health.DISCONNECTED, reason)
    connections.forget_tokens(session, connection_id)
    departures.note(session, connection.tenant_id, connection_id, now, data_due_at)
    schedule(session, connection.tenant_id, data_due_at)


def schedule(session: Connection, tenant_id: UUID, due_at: datetime) -> None:
    """Let a tenant's accounts that were left be forgotten at ``due_at``, where that is not due before."""
    schedules.enter(session, FORGET_ACCOUNTS, {tenant_id: Next(due_at, None)})
    schedules.bring_forward(session, FORGET_ACCOUNTS, {tenant_id: due_at})
