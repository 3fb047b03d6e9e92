"""How long a tenant's CRMs wait for new values, from when they told of a change: one number of all accounts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from connector.services.context import Services
from connector.store import traces

LOOKED_BACK = timedelta(days=7)
LEAST = 20
"""Leads below which no such number is told."""
_MOST = 2_000


@dataclass(frozen=True, slots=True)
class LaneSpeed:
    """Of the newest ``leads`` of the last days 95 % had their value within ``seconds`` (None of too few).

    Values that are still on their way count with the time that they have taken so far.
    """

    leads: int
    seconds: float | None


def lane_speed(services: Services, tenant_id: UUID) -> LaneSpeed:
    """Return how long a tenant's CRMs wait."""
    now = services.clock.now()
    with services.store.reading(tenant_id) as session:
        rows = traces.ways(session, tenant_id, now - LOOKED_BACK, _MOST)
    waits = sorted(((row.delivered_at or now) - row.received_at).total_seconds() for row in rows)
    if len(waits) < LEAST:
        return LaneSpeed(len(waits), None)
    return LaneSpeed(len(waits), max(waits[min(int(0.95 * len(waits)), len(waits) - 1)], 0.0))
