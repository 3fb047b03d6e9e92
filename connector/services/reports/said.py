"""What people said of one lead: for its page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.services.context import Services
from connector.store import exclusions, feedback, leads, ledger, overrides
from connector.store.exclusions import Exclusion
from connector.store.overrides import Override

_SHOWN = 10


@dataclass(frozen=True, slots=True)
class GivenThumb:
    """A thumb with its note, on the score that it speaks of."""

    at: datetime
    author: str
    good: bool
    reason: str
    note: str | None
    score: Decimal
    tier: str


@dataclass(frozen=True, slots=True)
class Said:
    """The override that holds, why the lead is left out, and its newest thumbs."""

    override: Override | None = None
    exclusions: Sequence[Exclusion] = ()
    thumbs: Sequence[GivenThumb] = ()


def said_of(session: Connection, tenant_id: UUID, lead_id: int, joined: Sequence[int], now: datetime) -> Said:
    """Return what was said of a lead, and of those that ``joined`` it."""
    rows = feedback.of_leads(session, tenant_id, [lead_id, *joined])[:_SHOWN]
    bodies = {
        entry.seq: entry.body or {}
        for entry in ledger.entries_of(session, tenant_id, "feedback", [row.seq for row in rows])
    }
    thumbs = [
        GivenThumb(row.at, row.author, row.good, row.reason, bodies.get(row.seq, {}).get("note"), row.score, row.tier)
        for row in rows
    ]
    word = overrides.in_force(session, tenant_id, [lead_id], now).get(lead_id)
    return Said(word, exclusions.of_lead(session, tenant_id, lead_id), thumbs)


def is_lead(services: Services, tenant_id: UUID, lead_id: int) -> bool:
    """Whether the tenant has such a lead; another's is as unknown as one that never was."""
    with services.store.reading(tenant_id) as session:
        return bool(leads.existing(session, tenant_id, [lead_id]))
