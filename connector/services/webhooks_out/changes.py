"""Changed tiers become messages in the transaction that keeps the scores: neither is there without the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy.engine import Connection

from connector.records import ScoreValues
from connector.store import scores, webhook_endpoints, webhook_events
from connector.store.webhook_events import Event

TIER_CHANGED = "score.tier_changed"
PATIENCE = timedelta(days=3)
"""So long a message is tried."""
KEPT = timedelta(days=30)
"""So long one is kept that nobody took: because it was given up, or its address is paused."""


@dataclass(frozen=True, slots=True)
class Before:
    """Who is told (``endpoints``), and lead → the tier that was told of it before new scores are stored."""

    tenant_id: UUID
    endpoints: Sequence[UUID]
    tiers: Mapping[int, str]


def before(session: Connection, tenant_id: UUID, lead_ids: Sequence[int]) -> Before | None:
    """Look at the tiers of leads that are to get new scores; None where nobody is told.

    To be called while the tenant's ledger is held.
    """
    endpoints = [endpoint.id for endpoint in webhook_endpoints.of_tenant(session, tenant_id)]
    return Before(tenant_id, endpoints, scores.told_tiers(session, tenant_id, lead_ids)) if endpoints else None


def note(session: Connection, told: Before, fresh: Mapping[int, ScoreValues], now: datetime) -> None:
    """Write a message for each address and lead whose tier is another than before; a first score is one too."""
    made = [
        new_event(told.tenant_id, endpoint_id, TIER_CHANGED, _data(lead_id, told.tiers.get(lead_id), values), now)
        for lead_id, values in fresh.items()
        if values.tier != told.tiers.get(lead_id)
        for endpoint_id in told.endpoints
    ]
    if made:
        webhook_events.add(session, made)
        webhook_endpoints.wake(session, told.tenant_id, told.endpoints, now)


def new_event(tenant_id: UUID, endpoint_id: UUID, kind: str, data: Mapping[str, object], now: datetime) -> Event:
    """Return a message that is due at once; ``lead_id`` of its data is whom it is about."""
    lead_id = data.get("lead_id")
    return Event(
        id=uuid4(),
        tenant_id=tenant_id,
        endpoint_id=endpoint_id,
        lead_id=lead_id if isinstance(lead_id, int) else None,
        kind=kind,
        data=data,
        created_at=now,
        due_at=now,
        give_up_at=now + PATIENCE,
    )


def _data(lead_id: int, former: str | None, values: ScoreValues) -> dict[str, object]:
    return {
        "lead_id": lead_id,
        "former_tier": former,
        "tier": str(values.tier),
        "score": float(values.score),
        "probability": float(values.probability),
        "reasons": list(values.reasons),
        "model": values.model,
        "as_of": values.updated_at.isoformat(),
    }
