"""What operators start by hand."""

from __future__ import annotations

from uuid import UUID

from connector.errors import RejectedInput
from connector.services import pipeline, regions
from connector.services.context import Services
from connector.store import ledger, tenants
from connector.store.ledger import Verification
from connector.store.migrate import upgrade


def migrate(services: Services) -> None:
    """Bring the database to the newest schema."""
    upgrade(services.store)


def require_tenant(services: Services, tenant_id: UUID) -> None:
    """Raise ``RejectedInput`` unless there is such a tenant, and ``ElsewhereError`` where it is of another region."""
    with services.store.reading() as session:
        if not tenants.exists(session, tenant_id):
            raise RejectedInput(f"There is no tenant {tenant_id} in this database.")
        regions.require(services, session, tenant_id)


def start_run(services: Services, tenant_id: UUID, kind: str) -> None:
    """Start a run of a tenant and wake its workers."""
    with services.store.transaction() as session:
        ready = pipeline.start(services, session, tenant_id, kind)
    services.wake_all(ready)


def verify_ledger(services: Services, tenant_id: UUID) -> Verification:
    """Recompute a tenant's hash chain."""
    with services.store.reading() as session:
        return ledger.verify(session, tenant_id)
