"""A thumb on a lead's current score: who says it, of which score, and why. Nothing of it is ever changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.errors import RejectedInput
from connector.services import acts
from connector.services.context import Services
from connector.services.feedback.notes import note_of, reason_of
from connector.services.feedback.reasons import DOWN, UP
from connector.store import feedback, ledger, scores
from connector.store.ledger import Entry


@dataclass(frozen=True, slots=True)
class Thumb:
    """What somebody says of a score; the ``note`` is kept without what names anybody."""

    good: bool
    reason: str
    note: str | None = None


def rate(services: Services, tenant_id: UUID, lead_id: int, thumb: Thumb) -> int:
    """Keep a thumb on a lead's current score, by whoever asks (services/acts); return the ledger's entry.

    Raises ``RejectedInput`` for a lead without a score, an unknown reason and a note that is too long.
    """
    reason_of(thumb.reason, UP if thumb.good else DOWN)
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        return _keep(session, _Spoken(tenant_id, lead_id, thumb, services.clock.now()))


def rate_once(services: Services, tenant_id: UUID, lead_id: int, thumb: Thumb) -> int:
    """Do as :func:`rate`, but keep nothing anew where the very same was said already: who, of which score, why, note.

    For buttons whose request may be sent again by whatever carries it.
    """
    reason_of(thumb.reason, UP if thumb.good else DOWN)
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        spoken = _Spoken(tenant_id, lead_id, thumb, services.clock.now())
        said = _said_before(session, spoken)
        return _keep(session, spoken) if said is None else said


@dataclass(frozen=True, slots=True)
class _Spoken:
    """A thumb on the score of a lead, at a time."""

    tenant_id: UUID
    lead_id: int
    thumb: Thumb
    at: datetime


def _said_before(session: Connection, spoken: _Spoken) -> int | None:
    """Return the entry in which the same was said of the lead's newest score."""
    tenant_id, thumb = spoken.tenant_id, spoken.thumb
    scored = ledger.newest(session, tenant_id, "scored", spoken.lead_id, None)
    alike = [
        row.seq
        for row in feedback.of_leads(session, tenant_id, [spoken.lead_id])
        if (row.author, row.good, row.reason) == (acts.asker(), thumb.good, thumb.reason)
        and scored is not None
        and row.scored_seq == scored.seq
    ]
    note = note_of(session, tenant_id, spoken.lead_id, thumb.note)
    entries = ledger.entries_of(session, tenant_id, "feedback", alike) if alike else ()
    return next((entry.seq for entry in entries if entry.body and entry.body["note"] == note), None)


def _keep(session: Connection, spoken: _Spoken) -> int:
    """To be called while the tenant's ledger is held."""
    tenant_id, lead_id, thumb = spoken.tenant_id, spoken.lead_id, spoken.thumb
    row = scores.of_lead(session, tenant_id, lead_id)
    scored = ledger.newest(session, tenant_id, "scored", lead_id, None)
    if row is None or scored is None:
        raise RejectedInput(f"Lead {lead_id} has no score to say anything of. Only open leads have one.")
    said = {"thumb": "up" if thumb.good else "down", "reason": thumb.reason}
    note = note_of(session, tenant_id, lead_id, thumb.note)
    speaks_of = {"scored": scored.seq, "score": str(Decimal(row.score)), "tier": row.tier, "model": row.model}
    body = {"by": acts.asker(), **said, "note": note, **speaks_of}
    seq = ledger.append(session, tenant_id, [Entry("feedback", lead_id, body)], spoken.at)
    feedback.add(
        session,
        {
            "tenant_id": tenant_id,
            "seq": seq,
            "lead_id": lead_id,
            "at": spoken.at,
            "author": acts.asker(),
            "good": thumb.good,
            "reason": thumb.reason,
            "scored_seq": scored.seq,
            "model": row.model,
            "score": row.score,
            "probability": row.probability,
            "tier": row.tier,
        },
    )
    return seq
