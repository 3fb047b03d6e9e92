"""Say a lead's score again, where a person's word came to it or went: the same score as of the same instant.

CRMs are told within seconds, by the real-time lane; nothing is read or computed anew, so that no newer score is lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.services import again
from connector.services.context import Services
from connector.services.entries import enter_again
from connector.services.hurrying import hurry
from connector.services.pipeline import Ready
from connector.services.scored import Scoring
from connector.store import ledger, outbox, scores


def tell_again(
    services: Services, session: Connection, tenant_id: UUID, lead_id: int, requester: str, trigger: Mapping[str, Any]
) -> Ready:
    """Enter a lead's current score once more and queue what CRMs lack now; return what to announce after the commit.

    A lead without a score is left alone. To be called while the tenant's ledger is held.
    """
    row = scores.of_lead(session, tenant_id, lead_id)
    if row is None:
        return []
    entry = ledger.newest(session, tenant_id, "scored", lead_id, None)
    if entry is None or entry.body is None or entry.body["inputs_hash"] != row.inputs_hash:
        return again.score_anew(services, session, tenant_id, [lead_id], {lead_id: requester})
    now = services.clock.now()
    # The run that made the score stays its maker: it goes on behind this lead, not over it again.
    made_by = UUID(str(row.run_id))
    like = Scoring(tenant_id, made_by, row.model, row.as_of, requester, trigger, outbox.REALTIME, exact=True)
    kept = enter_again(session, like, [entry], now)
    return hurry(session, tenant_id, [item for item in kept.records if item[1] in kept.queued], now)
