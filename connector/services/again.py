"""Have leads scored anew by the real-time lane, from what is stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.records import WebhookHint
from connector.services.context import REALTIME, Services
from connector.store import connections, inbox, lanes, records
from connector.store.connections import Health
from connector.store.lanes import Kind

Asked = Mapping[int, str]
"""Lead → who asked for it to be scored anew, as the ledger names them. Of others the product itself did."""

NOBODY: Asked = MappingProxyType({})


def score_anew(
    services: Services, session: Connection, tenant_id: UUID, lead_ids: Collection[int], asked: Asked = NOBODY
) -> list[tuple[str, UUID]]:
    """Ask the lane for these leads in the caller's transaction; return what to announce after its commit.

    It takes them up by one record each, without reading it again; their score goes to all of them. The entries of
    their scores name who ``asked``.
    """
    now = services.clock.now()
    ready: list[tuple[str, UUID]] = []
    for connection_id, first in sorted(_first_records(session, tenant_id, lead_ids).items()):
        by = {vendor_id: asked[lead] for vendor_id, lead in first.items() if lead in asked}
        hints = [_hint(connection_id, vendor_id, by, now) for vendor_id in first]
        inbox.keep(session, tenant_id, connection_id, hints, now, by)
        piece = lanes.ask(session, tenant_id, connection_id, Kind.READ, now)
        ready += [(REALTIME, piece)] if piece else []
    return ready


def _first_records(session: Connection, tenant_id: UUID, lead_ids: Collection[int]) -> dict[UUID, dict[str, int]]:
    """Return connection → vendor id → lead, of one record of each lead."""
    usable = {item.id for item in connections.of_tenant(session, tenant_id) if item.status is not Health.DISCONNECTED}
    first: dict[int, tuple[UUID, str]] = {}
    for row in records.of_lead(session, tenant_id, sorted(lead_ids)):
        if row.connection_id in usable:
            first.setdefault(row.lead_id, (row.connection_id, row.vendor_id))
    found: dict[UUID, dict[str, int]] = defaultdict(dict)
    for lead, (connection_id, vendor_id) in first.items():
        found[connection_id][vendor_id] = lead
    return found


def _hint(connection_id: UUID, vendor_id: str, by: Mapping[str, str], now: datetime) -> WebhookHint:
    kind = inbox.ASKED if vendor_id in by else inbox.TRACKED
    return WebhookHint(str(connection_id), f"{kind}:{vendor_id}:{now.isoformat()}", kind, vendor_id, now)
