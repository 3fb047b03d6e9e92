"""An admin's word on which fields models may see; every one is on the record."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.services import acts
from connector.services.context import Services
from connector.services.privacy import elsewhere
from connector.store import enrichment, fields, tenants

_SAID = {True: "allowed", False: "left out", None: "by its sensitivity"}


def decide(services: Services, tenant_id: UUID, connection_id: UUID, name: str, allowed: bool | None) -> bool:
    """Let models see a field, leave it out, or (None) go by its sensitivity; False where there is no such choice.

    The next training follows it, and so does scoring from now on: a field that is left out counts as empty.
    """
    with services.store.transaction(tenant_id) as session:
        if not _decidable(session, tenant_id, connection_id, name):
            return False
        fields.decide(session, tenant_id, connection_id, name, allowed)
        acts.record(services, session, tenant_id, "decided on a field", field=name, decision=_SAID[allowed])
    return True


def decide_elsewhere(services: Services, tenant_id: UUID, name: str, allowed: bool | None) -> bool:
    """The same for what no account's catalogue has: a fact of another source, or the texts of what people did."""
    with services.store.transaction(tenant_id) as session:
        settings = tenants.get(session, tenant_id).settings
        known = elsewhere.listed(enrichment.of_tenant(session, tenant_id), settings.decided)
        if name not in {item.name for item in known}:
            return False
        decided = {other: word for other, word in settings.decided.items() if other != name}
        decided |= {} if allowed is None else {name: allowed}
        tenants.save_settings(session, tenant_id, replace(settings, decided=decided))
        acts.record(services, session, tenant_id, "decided on a field", field=name, decision=_SAID[allowed])
    return True


def _decidable(session: Connection, tenant_id: UUID, connection_id: UUID, name: str) -> bool:
    rows = [
        row for row in fields.of_tenant(session, tenant_id) if (row.connection_id, row.name) == (connection_id, name)
    ]
    return any(not (row.personal or row.system or row.own) for row in rows)
