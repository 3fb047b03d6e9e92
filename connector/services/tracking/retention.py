"""What nobody in the CRM did is kept long enough for a buyer to make up their mind (``Keeping.visits``), no longer."""

from __future__ import annotations

from uuid import UUID

from connector.services.context import Services
from connector.store import tracked

_CHUNK = 2_000


def purge(services: Services, tenant_id: UUID) -> int:
    """Delete a tenant's visitors without a record, and what they did, once its time is over; return how many rows."""
    before = services.clock.now() - services.keeping.visits
    gone = 0
    while True:
        with services.store.transaction(tenant_id) as session:
            some = tracked.purge(session, tenant_id, before, _CHUNK)
        gone += some
        if not some:
            return gone
