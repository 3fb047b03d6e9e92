"""What vendors sign with when they push to a connection's own address: told once, kept encrypted."""

from __future__ import annotations

import json
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.adapters.contract import CrmAdapter
from connector.crashpoints import Point, reached
from connector.services.context import Services
from connector.services.opening import read_connection
from connector.store import connections
from connector.store.connections import CrmConnection


def subscribe(services: Services, connection_id: UUID, adapter: CrmAdapter) -> None:
    """Let the vendor push to the connection's own address, and keep what it will sign with."""
    connection = read_connection(services, connection_id)
    new = tuple(adapter.subscribe())
    reached(Point.HOOK_MADE)
    if not new:
        return
    with services.store.transaction(connection.tenant_id) as session:
        held = _held(services, session, connection)
        sealed = services.cipher.encrypt(json.dumps([*held, *new]), **_owner(connection))
        connections.save_hook_secrets(session, connection.id, sealed)


def secrets_of(services: Services, session: Connection, connection: CrmConnection) -> tuple[str, ...]:
    """Return the signing secrets of a connection's hooks; none where its vendor gave none and takes none of ours."""
    held = _held(services, session, connection)
    app = services.apps.get(connection.vendor)
    if app is not None and app.capabilities.admin_webhook:
        return (*held, *services.hooks.signing_secrets(connection.id))
    return held


def _held(services: Services, session: Connection, connection: CrmConnection) -> tuple[str, ...]:
    sealed = connections.hook_secrets(session, connection.id)
    return tuple(json.loads(services.cipher.decrypt(sealed, **_owner(connection)))) if sealed else ()


def _owner(connection: CrmConnection) -> dict[str, str]:
    return {"tenant_id": str(connection.tenant_id), "connection_id": str(connection.id)}
