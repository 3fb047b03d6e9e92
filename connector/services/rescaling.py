"""The scale of the written number: chosen by an admin, then followed by every value of every account.

Scores and the ledger stay as they are, from 0 to 100. What the outbox holds says on which scale it is meant, so that
what a CRM holds is compared on the scale on which it was written, however far a change has come.
"""

from __future__ import annotations

from uuid import UUID

from connector.errors import RejectedInput
from connector.records import Scale
from connector.services import pipeline
from connector.services.context import Services
from connector.services.opening import open_adapter
from connector.services.set_values import set_values
from connector.store import connections, ledger, tenants
from connector.store.connections import Health


def choose(services: Services, tenant_id: UUID, text: str) -> bool:
    """Set on which scale a tenant's scores are written; tell whether it changed.

    The next delivery of each account writes again what is on the other one, within what may be written. Raises
    ``RejectedInput`` for anything else than a scale, and ``NeedsAdmin`` where an account's field can't hold it.
    """
    try:
        scale = Scale(text)
    except ValueError:
        raise RejectedInput("Choose one of the two scales.") from None
    _require_room(services, tenant_id, scale)
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        if not set_values(services, session, tenant_id, "set scale", {"scale": str(scale)}):
            return False
        ready = pipeline.publish(services, session, tenant_id)
    services.wake_all(ready)
    return True


def _require_room(services: Services, tenant_id: UUID, scale: Scale) -> None:
    with services.store.reading(tenant_id) as session:
        if tenants.get(session, tenant_id).settings.scale == scale:
            return
        found = connections.of_tenant(session, tenant_id)
    for item in found:
        # Accounts without fields get new ones, with room for both; those that left get none.
        if item.field_names and item.status is not Health.DISCONNECTED:
            unfit = open_adapter(services, item.id).unfit_for(scale)
            if unfit is not None:
                raise unfit
