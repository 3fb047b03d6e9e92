"""What became of a lead that is none any more, without a word about the person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.services.context import Services
from connector.store import leads, ledger, records, successions


@dataclass(frozen=True, slots=True)
class Ended:
    """``heirs`` are the leads that it joined, each with when; without any, ``sentence`` says what became of it."""

    lead_id: int
    heirs: tuple[tuple[int, datetime], ...]
    sentence: str


def ended_lead(services: Services, tenant_id: UUID, lead_id: int) -> Ended | None:
    """Return what became of a lead without a record in a CRM; None where the tenant never had one of this number."""
    with services.store.reading(tenant_id) as session:
        heirs = tuple((row.lead_id, row.at) for row in successions.heirs(session, tenant_id, lead_id))
        if heirs:
            return Ended(lead_id, heirs, "It was found to be the same person as another lead.")
        left = records.left_at(session, tenant_id, lead_id) or successions.last_seen(session, tenant_id, lead_id)
        known = bool(leads.existing(session, tenant_id, [lead_id]) or _told(session, tenant_id, lead_id))
    if left is not None:
        return Ended(
            lead_id, (), f"Its last record left the CRM on {left:%-d %b %Y}, by being archived or deleted there."
        )
    if known:
        return Ended(
            lead_id,
            (),
            "The person was forgotten, or the account that told of them is gone. Nothing is held of them any more.",
        )
    return None


def _told(session: Connection, tenant_id: UUID, lead_id: int) -> bool:
    return bool(ledger.of_lead(session, tenant_id, lead_id, 1))
