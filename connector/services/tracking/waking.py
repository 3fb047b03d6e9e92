"""What visitors did is worth a new score at once."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.services import again, pipeline
from connector.services.context import Services
from connector.store import models


def changed(services: Services, session: Connection, tenant_id: UUID, lead_ids: Collection[int]) -> pipeline.Ready:
    """Have these leads scored anew, in the caller's transaction; return what to announce after its commit.

    The real-time lane takes them up by one record each, without reading it again; their score goes to all of them.
    """
    if not lead_ids:
        return []
    if models.champion_name(session, tenant_id) is None:
        return pipeline.start_unless_waiting(services, session, tenant_id)
    return again.score_anew(services, session, tenant_id, lead_ids)
