"""What operators start by hand."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from connector.errors import RejectedInput
from connector.services import acts, pipeline, regions
from connector.services.context import Services
from connector.store import grants, heads, tenants
from connector.store.migrate import upgrade


def migrate(services: Services) -> None:
    """Bring the database to the newest schema; heads of ledgers of a release without seals are sealed."""
    with services.store.reading() as session:
        unsealed = heads.unsealed_schema(session)
    upgrade(services.store)
    if unsealed:
        with services.store.transaction() as session:
            for tenant_id, _ in heads.every(session):
                heads.seal(session, tenant_id)


def require_tenant(services: Services, tenant_id: UUID) -> None:
    """Raise ``RejectedInput`` unless there is such a tenant, and ``ElsewhereError`` where it is of another region."""
    with services.store.reading(tenant_id) as session:
        if not tenants.exists(session, tenant_id):
            raise RejectedInput(f"There is no tenant {tenant_id} in this database.")
        regions.require(services, session, tenant_id)


def start_run(services: Services, tenant_id: UUID, kind: str) -> None:
    """Start a run of a tenant and wake its workers."""
    with services.store.transaction(tenant_id) as session:
        acts.record(services, session, tenant_id, "start run", kind=kind)
        ready = pipeline.start(services, session, tenant_id, kind)
    services.wake_all(ready)


def grant(services: Services, role: str, *, execute: bool) -> Sequence[str]:
    """Return the statements that let ``role`` do the product's work in PostgreSQL, and run them if asked to."""
    with services.store.transaction() as session:
        statements = grants.of_writer(session, role)
        for statement in statements if execute else ():
            session.exec_driver_sql(statement)
    return statements
