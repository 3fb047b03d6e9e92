"""A tenant's settings are changed in one way: what is other by now is saved, and stands on the record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.services import acts
from connector.services.context import Services
from connector.store import tenants


def set_values(
    services: Services, session: Connection, tenant_id: UUID, action: str, values: Mapping[str, Any]
) -> dict[str, Any]:
    """Save those of the ``values`` (setting → value) that differ, as the act ``action``; return them.

    To be called while the tenant's ledger is held. Where nothing differs nothing is recorded.
    """
    settings = tenants.get(session, tenant_id).settings
    changed = {name: value for name, value in values.items() if getattr(settings, name) != value}
    if changed:
        tenants.save_settings(session, tenant_id, replace(settings, **changed))
        acts.record(services, session, tenant_id, action, **changed)
    return changed
