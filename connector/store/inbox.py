"""The webhook inbox: durable before the vendor gets its 2xx, each hint once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.records import WebhookHint
from connector.store.bulk import upsert
from connector.store.tables import inbox

ERASED = "erased"
"""The kind of a hint that a person asked to be forgotten."""


def keep(
    connection: Connection, tenant_id: UUID, connection_id: UUID, hints: Sequence[WebhookHint], now: datetime
) -> int:
    """Store hints; return how many were not known yet."""
    rows = [
        {
            "connection_id": connection_id,
            "dedupe_key": hint.dedupe_key,
            "tenant_id": tenant_id,
            "kind": ERASED if hint.erased else hint.kind,
            "subject": hint.record_id,
            "occurred_at": hint.occurred_at,
            "received_at": now,
        }
        for hint in hints
    ]
    return upsert(connection, inbox, rows, key=("connection_id", "dedupe_key"))


def waiting(connection: Connection, connection_id: UUID, limit: int) -> Sequence[tuple[str, str, str | None]]:
    """Return (dedupe key, kind, vendor id) of hints not handled yet, oldest first."""
    c = inbox.c
    query = (
        sa.select(c.dedupe_key, c.kind, c.subject)
        .where(c.connection_id == connection_id, c.handled_at.is_(None))
        .order_by(c.occurred_at)
        .limit(limit)
    )
    return [(row.dedupe_key, row.kind, row.subject) for row in connection.execute(query)]


def handled(connection: Connection, connection_id: UUID, keys: Sequence[str], now: datetime) -> None:
    """Mark hints as handled."""
    where = sa.and_(inbox.c.connection_id == connection_id, inbox.c.dedupe_key.in_(keys))
    connection.execute(sa.update(inbox).where(where).values(handled_at=now))
