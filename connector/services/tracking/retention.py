"""What nobody in the CRM did is kept for 90 days: long enough for a buyer to make up their mind, no longer."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from connector.services.context import Services
from connector.store import tracked

KEPT = timedelta(days=90)
_CHUNK = 2_000


def purge(services: Services, tenant_id: UUID) -> int:
    """Delete a tenant's visitors without a record, and what they did, once it is 90 days old; return how many rows."""
    before = services.clock.now() - KEPT
    gone = 0
    while True:
        with services.store.transaction(tenant_id) as session:
            some = tracked.purge(session, tenant_id, before, _CHUNK)
        gone += some
        if not some:
            return gone
