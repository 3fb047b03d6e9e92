"""Every kind of what is held goes after its time (``Keeping``), each night, a part at a time."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.services.context import Services
from connector.services.webhooks_out.changes import KEPT
from connector.store import ledger, retention

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
        "archived records": (retention.archived, now - keeping.archived),
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
