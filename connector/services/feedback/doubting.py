"""Leads of which people say that they are none or that their data are wrong: a training asks whether to believe it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.services.feedback.reasons import DOUBT
from connector.store import feedback, successions


def doubts(session: Connection, tenant_id: UUID) -> list[tuple[int, datetime]]:
    """Return (lead, since when) of those whose newest thumb says so; of an ended lead, those that it became."""
    last = {row.lead_id: row for row in feedback.of_tenant(session, tenant_id)}
    found = [(lead, row.at) for lead, row in last.items() if not row.good and row.reason in DOUBT]
    return [
        (one, at)
        for lead, at in found
        for one in (lead, *(heir.lead_id for heir in successions.heirs(session, tenant_id, lead)))
    ]
