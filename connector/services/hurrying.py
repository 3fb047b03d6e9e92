"""Have the real-time lane deliver rows of the outbox, whoever queued them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
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
    asked = ask_deliveries(session, tenant_id, (connection for *_, connection in found), now)
    return [(REALTIME, piece) for piece in asked.values()]


def ask_deliveries(
    session: Connection, tenant_id: UUID, connections: Iterable[UUID], now: datetime
) -> dict[UUID, UUID]:
    """Ask for a delivery of each connection; return connection → the work that somebody is to see to.

    A connection whose delivery is under way is not among them: it looks again before it ends.
    """
    found = {one: lanes.ask(session, tenant_id, one, Kind.DELIVER, now) for one in sorted(set(connections))}
    return {connection: piece for connection, piece in found.items() if piece is not None}
