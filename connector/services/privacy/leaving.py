"""Leave an account: calls stop with the commit, the grant is given back, the data go by a deadline.

The tokens are moved in the transaction that disconnects the account, and every request asks for its token: from the
commit on nobody can call but the one who says goodbye.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from connector.adapters.contract import CrmAdapter
from connector.crashpoints import Point, reached
from connector.errors import ConnectorError, Disconnected, NotSupported, RejectedInput, RetryLater
from connector.services.context import Services
from connector.services.goodbye import schedule
from connector.services.opening import app_of, opened, read_connection
from connector.services.privacy.clearing import emptied
from connector.services.privacy.parting import PartingTokens
from connector.store import connections, departures, ledger, outbox
from connector.store.connections import CrmConnection, Health
from connector.store.departures import Departure

log = logging.getLogger("connector.leaving")

LEASE = timedelta(minutes=15)
PAUSE = timedelta(minutes=1)
PATIENCE = timedelta(days=1)
"""For so long a CRM that does not answer is tried; then the tokens are destroyed without its word."""
_SWEPT = 100


def leave(services: Services, tenant_id: UUID, connection_id: UUID, asked_by: str, *, clear: bool) -> bool:
    """Disconnect an account of a tenant; False where it was left before.

    ``clear``: our fields and values leave the CRM first; else they stay there as they are. Raises ``RejectedInput``
    where the tenant has no such account.
    """
    now = services.clock.now()
    data_due_at = now + services.keeping.after_leaving
    with services.store.transaction(tenant_id) as session:
        connection = connections.find(session, connection_id)
        if connection is None or connection.tenant_id != tenant_id:
            raise RejectedInput(f"Tenant {tenant_id} has no connection {connection_id}.")
        if not departures.begin(session, tenant_id, connection_id, now, data_due_at, clear=clear):
            return False
        connections.set_health(session, connection_id, Health.DISCONNECTED, "It was disconnected here.")
        body = {"action": "disconnected an account", "connection": str(connection_id), "asked_by": asked_by}
        ledger.append(session, tenant_id, [ledger.Entry("admin", None, {**body, "clear": clear})], now)
        schedule(session, tenant_id, data_due_at)
    reached(Point.LEAVING_ASKED)
    return True


def due(services: Services) -> Sequence[UUID]:
    """Return the connections whose goodbye waits for a worker."""
    with services.store.reading() as session:
        return departures.due(session, services.clock.now(), _SWEPT)


def carry_out(services: Services, connection_id: UUID) -> bool:
    """Say goodbye to an account's CRM and destroy the tokens; False where another worker does, or it must wait."""
    now = services.clock.now()
    with services.store.transaction() as session:
        departure = departures.claim(session, connection_id, now, now + LEASE)
    if departure is None:
        return False
    reached(Point.LEAVING_CLAIMED)
    connection = read_connection(services, connection_id)
    try:
        message = _goodbye(services, connection, departure)
    except RetryLater as later:
        if now - departure.asked_at < PATIENCE:
            with services.store.transaction(connection.tenant_id) as session:
                departures.postpone(session, connection_id, services.clock.now() + PAUSE)
            return False
        message = f"The CRM did not answer: {later} Remove the app there yourself."
    with services.store.transaction(connection.tenant_id) as session:
        departures.end(session, connection_id, services.clock.now(), message)
    reached(Point.LEAVING_ENDED)
    log.info("connection %s was left", connection_id)
    return True


def _goodbye(services: Services, connection: CrmConnection, departure: Departure) -> str | None:
    """Give the grant back; return what is left to do for the CRM's admin. Raises ``RetryLater``."""
    app = app_of(services, connection.vendor)
    adapter = opened(services, connection, PartingTokens(services, app, connection))
    left = []
    try:
        if departure.clear:
            left.append(_clear(services, connection, adapter))
            reached(Point.LEAVING_CLEARED)
        adapter.disconnect()
    except Disconnected:
        # Their side was quicker.
        pass
    except RetryLater:
        raise
    except ConnectorError as error:
        left.append(str(error))
    reached(Point.LEAVING_REVOKED)
    if not app.capabilities.revocable:
        left.append(f"{app.capabilities.label} lets no app give its token back: remove the app in the account as well.")
    return " ".join(part for part in left if part) or None


def _clear(services: Services, connection: CrmConnection, adapter: CrmAdapter) -> str | None:
    """Remove our fields; where the CRM does not let us, empty them."""
    try:
        adapter.remove_score_fields()
        return None
    except NotSupported:
        message = None
    except (Disconnected, RetryLater):
        raise
    except ConnectorError as error:
        message = str(error)
    with services.store.reading(connection.tenant_id) as session:
        held = sorted(outbox.delivered_of(session, connection.id))
    size = app_of(services, connection.vendor).capabilities.write_batch
    return " ".join(filter(None, (message, emptied(adapter, held, size)))) or None
