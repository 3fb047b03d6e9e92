"""Every kind of what is held goes after its time (``Keeping``), each night, a part at a time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.services.addresses import mailbox_of
from connector.services.context import Services
from connector.services.tracking.pseudonyms import pseudonyms, record_marks
from connector.services.webhooks_out.changes import KEPT
from connector.store import connections, ledger, records, retention, successions
from connector.store.types import AnyRow

log = logging.getLogger("connector.retention")

_PART = 1_000

Purge = Callable[[Connection, UUID, datetime, int], int]


def purge(services: Services, tenant_id: UUID) -> dict[str, int]:
    """Delete what a tenant's time is over for; return kind → rows. What is left undone is done the next night."""
    now, keeping = services.clock.now(), services.keeping
    kinds: dict[str, tuple[Purge, datetime]] = {
        "hints": (retention.hints, now - keeping.hints),
        "events": (retention.engagement, now - keeping.events),
        "former values": (retention.former_values, now - keeping.values),
        "archived records": (partial(_archived, services), now - keeping.archived),
        "ended leads": (successions.expire, now - keeping.ended),
        "inputs": (retention.inputs, now - keeping.inputs),
        "messages": (retention.messages, now - KEPT),
        "former secrets": (retention.former_secrets, now),
    }
    gone = {kind: _all(services, tenant_id, *what) for kind, what in kinds.items()}
    if any(gone.values()):
        log.info("what tenant %s kept for its time is gone: %s", tenant_id, gone)
    return gone


def _all(services: Services, tenant_id: UUID, purge_some: Purge, before: datetime) -> int:
    gone = 0
    while True:
        with services.store.transaction(tenant_id) as session:
            ledger.lock(session, tenant_id)
            some = purge_some(session, tenant_id, before, _PART)
        gone += some
        if some < _PART:
            return gone


def _archived(services: Services, session: Connection, tenant_id: UUID, before: datetime, limit: int) -> int:
    """Let records go that left their CRM, so that an erasure finds their leads all the same."""
    accounts = {account.id: account for account in connections.of_tenant(session, tenant_id)}

    def marks(row: AnyRow) -> Sequence[str]:
        addresses = records.addresses_of(session, row.connection_id, [row.vendor_id])
        boxes = {box for address in addresses if (box := mailbox_of(address))}
        own = record_marks(services, accounts[row.connection_id], row.vendor_id)
        # Under every key: those of a lead that ended earlier may be of an older one, and lead to this lead.
        return [*own, *(mark for box in sorted(boxes) for mark in pseudonyms(services, tenant_id, box))]

    return retention.archived(session, tenant_id, before, limit, marks)
