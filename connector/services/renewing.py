"""Refreshing what nobody uses: a grant that lies idle for too long is ended by its vendor."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from connector.errors import ConnectorError
from connector.services.context import Services
from connector.services.opening import app_of, read_connection
from connector.services.tokens import TokenSource
from connector.store import connections

log = logging.getLogger("connector.renewing")

_SHARE = 4
"""A refresh comes due after this part of the time that the vendor gives: three are left to mend a failure."""

_CONNECTIONS = 500
"""Accounts of a vendor that one call names at most; the next call takes the rest."""


def due(services: Services) -> Sequence[UUID]:
    """Return the connections whose tokens are to be refreshed, whether or not their tenant works with them."""
    found: list[UUID] = []
    for vendor, app in services.apps.items():
        idle = app.capabilities.grant_idle
        if idle is not None:
            with services.store.reading() as session:
                found += connections.idle_grants(session, vendor, _since(services, idle), _CONNECTIONS)
    return found


def renew(services: Services, connection_id: UUID) -> None:
    """Refresh one connection's tokens, unless somebody did meanwhile.

    A grant that is gone disconnects it, with the vendor's sentence; after any other failure it stays due.
    """
    connection = read_connection(services, connection_id)
    app = app_of(services, connection.vendor)
    if app.capabilities.grant_idle is None:
        return
    try:
        TokenSource(services, app, connection).renew(_since(services, app.capabilities.grant_idle))
    except ConnectorError as error:
        log.warning("the idle grant of connection %s was not renewed: %s", connection_id, error)


def _since(services: Services, idle: timedelta) -> datetime:
    return services.clock.now() - idle / _SHARE
