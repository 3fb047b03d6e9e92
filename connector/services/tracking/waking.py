"""What visitors did is worth a new score at once."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.services import pipeline
from connector.services.context import Services


def changed(services: Services, session: Connection, tenant_id: UUID, lead_ids: Collection[int]) -> pipeline.Ready:
    """Have these leads scored anew, in the caller's transaction; return what to announce after its commit."""
    return pipeline.start_unless_waiting(services, session, tenant_id) if lead_ids else []
