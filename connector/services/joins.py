"""An admin's word on who is the same person; every one is on the record and can be taken back."""

from __future__ import annotations

from uuid import UUID

from connector.services import acts, pipeline
from connector.services.context import Services
from connector.store import persons


def set_apart(services: Services, tenant_id: UUID, record_id: int, *, apart: bool) -> bool:
    """Take a record out of every join, or let it join again, and score anew; tell whether the tenant has it."""
    with services.store.transaction(tenant_id) as session:
        if not persons.set_apart(session, tenant_id, record_id, apart=apart):
            return False
        acts.record(services, session, tenant_id, "set apart" if apart else "let join", record=record_id)
        ready = pipeline.start_unless_waiting(services, session, tenant_id)
    services.wake_all(ready)
    return True
