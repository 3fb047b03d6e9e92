"""Have leads scored anew by the real-time lane, from what is stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.records import WebhookHint
from connector.services.context import REALTIME, Services
from connector.store import connections, inbox, lanes, records
from connector.store.connections import Health
from connector.store.lanes import Kind


def score_anew(
    services: Services, session: Connection, tenant_id: UUID, lead_ids: Collection[int]
) -> list[tuple[str, UUID]]:
    """Ask the lane for these leads in the caller's transaction; return what to announce after its commit.

    It takes them up by one record each, without reading it again; their score goes to all of them.
    """
    now = services.clock.now()
    ready: list[tuple[str, UUID]] = []
    for connection_id, hints in sorted(_hints(services, session, tenant_id, lead_ids).items()):
        inbox.keep(session, tenant_id, connection_id, hints, now)
        piece = lanes.ask(session, tenant_id, connection_id, Kind.READ, now)
        ready += [(REALTIME, piece)] if piece else []
    return ready


def _hints(
    services: Services, session: Connection, tenant_id: UUID, lead_ids: Collection[int]
) -> dict[UUID, list[WebhookHint]]:
    now = services.clock.now()
    usable = {item.id for item in connections.of_tenant(session, tenant_id) if item.status is not Health.DISCONNECTED}
    first: dict[int, tuple[UUID, str]] = {}
    for row in records.of_lead(session, tenant_id, sorted(lead_ids)):
        if row.connection_id in usable:
            first.setdefault(row.lead_id, (row.connection_id, row.vendor_id))
    hints: dict[UUID, list[WebhookHint]] = defaultdict(list)
    for connection_id, vendor_id in first.values():
        key = f"{inbox.TRACKED}:{vendor_id}:{now.isoformat()}"
        hints[connection_id].append(WebhookHint(str(connection_id), key, inbox.TRACKED, vendor_id, now))
    return hints
