"""Have the real-time lane see to rows of the outbox that it did not queue itself."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.services.context import REALTIME
from connector.store import lanes, traces
from connector.store.lanes import Kind


def hurry(
    session: Connection, tenant_id: UUID, found: Collection[tuple[int, int, UUID]], now: datetime
) -> list[tuple[str, UUID]]:
    """Ask for the delivery of (lead, record, connection) in the caller's transaction; return what to announce.

    It is announced after that transaction's commit.
    """
    moments = dict.fromkeys(("happened_at", "received_at", "claimed_at", "fetched_at", "scored_at", "queued_at"), now)
    traces.add(
        session,
        [
            {
                "tenant_id": tenant_id,
                "connection_id": connection,
                "lead_id": lead,
                "record_id": record,
                "ended": None,
                **moments,
            }
            for lead, record, connection in found
        ],
    )
    pieces = [
        lanes.ask(session, tenant_id, connection, Kind.DELIVER, now)
        for connection in sorted({connection for *_, connection in found})
    ]
    return [(REALTIME, piece) for piece in pieces if piece is not None]
