"""A person's word against being profiled, and the tenant's note that it was taken back."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.engine import Connection

from connector.services import pipeline
from connector.services.context import Services
from connector.services.privacy.whom import by_lead, by_records
from connector.store import erasures, ledger, objections
from connector.store.erasures import Whom


def object_to_profiling(services: Services, tenant_id: UUID, lead_id: int, asked_by: str, *, clear: bool) -> bool:
    """Score a person no more, and learn nothing from them; False where the tenant has no such lead.

    ``clear``: what the CRMs hold of our values is taken out as well, by whoever sweeps next.
    """
    now = services.clock.now()
    with services.store.transaction(tenant_id) as session:
        # So that nobody scores them, or writes their score, meanwhile.
        ledger.lock(session, tenant_id)
        found = by_lead(session, tenant_id, lead_id)
        if found is None:
            return False
        objections.put(session, tenant_id, lead_id, now)
        objections.honour(session, tenant_id, [lead_id])
        _note(services, session, tenant_id, "objected to profiling", lead_id, asked_by)
        if clear and found.written:
            erasures.add(session, tenant_id, Whom((), (), found.written), asked_by, now)
    return True


def object_by_record(
    services: Services, session: Connection, tenant_id: UUID, record: tuple[UUID, str], field: str
) -> bool:
    """Let the person behind a record (connection, vendor id) object by the value of a field; False where they have.

    To be called while the tenant's ledger is held. A record that is new has no lead yet: the word waits at it. Our
    values leave the CRMs.
    """
    now, by = services.clock.now(), f"the field {field}"
    found = by_records(session, tenant_id, [record])
    fresh = not any(objections.since(session, tenant_id, lead_id) for lead_id in found.leads)
    objections.put_record(session, *record, now)
    for lead_id in found.leads if fresh else ():
        objections.put(session, tenant_id, lead_id, now)
        objections.honour(session, tenant_id, [lead_id])
    if fresh:
        for about in found.leads or (None,):
            _note(services, session, tenant_id, "objected to profiling", about, by, field=field)
        if found.written:
            erasures.add(session, tenant_id, Whom((), (), found.written), by, now)
    return fresh


def allow_profiling(services: Services, tenant_id: UUID, lead_id: int, asked_by: str) -> bool:
    """Let a person be scored again, by a refresh that begins now; False where the tenant has no such lead."""
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        if by_lead(session, tenant_id, lead_id) is None:
            return False
        objections.put(session, tenant_id, lead_id, None)
        _note(services, session, tenant_id, "allowed profiling", lead_id, asked_by)
        ready = pipeline.start_unless_waiting(services, session, tenant_id)
    services.wake_all(ready)
    return True


def _note(
    services: Services,
    session: Connection,
    tenant_id: UUID,
    action: str,
    lead_id: int | None,
    asked_by: str,
    **more: str,
) -> None:
    body = {"action": action, "asked_by": asked_by, **more}
    ledger.append(session, tenant_id, [ledger.Entry("admin", lead_id, body)], services.clock.now())
