"""An admin's word on which fields models may see; every one is on the record."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.engine import Connection

from connector.services import acts
from connector.services.context import Services
from connector.store import fields


def decide(services: Services, tenant_id: UUID, connection_id: UUID, name: str, allowed: bool | None) -> bool:
    """Let models see a field, leave it out, or (None) go by its sensitivity; False where there is no such choice.

    The next training follows it, and so does scoring from now on: a field that is left out counts as empty.
    """
    with services.store.transaction(tenant_id) as session:
        if not _decidable(session, tenant_id, connection_id, name):
            return False
        fields.decide(session, tenant_id, connection_id, name, allowed)
        said = {True: "allowed", False: "left out", None: "by its sensitivity"}[allowed]
        acts.record(services, session, tenant_id, "decided on a field", field=name, decision=said)
    return True


def _decidable(session: Connection, tenant_id: UUID, connection_id: UUID, name: str) -> bool:
    rows = [
        row for row in fields.of_tenant(session, tenant_id) if (row.connection_id, row.name) == (connection_id, name)
    ]
    return any(not (row.personal or row.system or row.own) for row in rows)
