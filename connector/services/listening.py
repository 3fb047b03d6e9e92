"""Which automations of a CRM listen to our fields: asked before the first scores are written, and when told to."""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

from connector.adapters.contract import CrmAdapter
from connector.errors import Disconnected, NeedsAdmin, NotSupported, RejectedInput
from connector.records import Listener
from connector.services import acts
from connector.services.context import Services
from connector.services.opening import open_adapter, read_connection
from connector.store import connections, publications


def listen_once(services: Services, tenant_id: UUID, connection_id: UUID, adapter: CrmAdapter) -> None:
    """Look for listeners unless somebody has looked before."""
    with services.store.reading(tenant_id) as session:
        known = publications.get(session, connection_id).listened_at
    if known is None:
        _listen(services, tenant_id, connection_id, adapter)


def listen(services: Services, tenant_id: UUID, connection_id: UUID) -> None:
    """Look for listeners now, because a person asked for it, which is on the record.

    Raises ``RejectedInput`` for another tenant's account, and what opening one raises.
    """
    with services.store.reading(tenant_id) as session:
        connection = connections.find(session, connection_id)
    if connection is None or connection.tenant_id != tenant_id:
        raise RejectedInput("Your organisation has no such account.")
    adapter = open_adapter(services, connection_id)
    with services.store.transaction(tenant_id) as session:
        acts.record(services, session, tenant_id, "asked the CRM what listens", connection=str(connection_id))
    _listen(services, tenant_id, connection_id, adapter)


def _listen(services: Services, tenant_id: UUID, connection_id: UUID, adapter: CrmAdapter) -> None:
    names = read_connection(services, connection_id).field_names
    found: list[Listener] = []
    refused: str | None = None
    try:
        found = list(adapter.listeners(list(names.values())))
    except Disconnected:
        raise
    except (NotSupported, NeedsAdmin) as why:
        # Not to know them stops nothing: the page shows what to look at instead.
        refused = str(why)
    with services.store.transaction(tenant_id) as session:
        publications.lock(session, tenant_id, connection_id)
        told = [asdict(item) for item in found] if refused is None else None
        now = services.clock.now()
        publications.save(session, connection_id, listeners=told, listeners_refused=refused, listened_at=now)
