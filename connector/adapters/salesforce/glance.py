"""Whether any lead changed: one request where none did, which is nearly always."""

from __future__ import annotations

from datetime import datetime

from connector.adapters.salesforce import soql
from connector.adapters.salesforce.org import Org
from connector.errors import MissingPermission


def changed_leads(org: Org, at: datetime) -> bool:
    """Tell whether a lead was changed after ``at`` by somebody else than our user, whose writes are scores.

    ``SystemModstamp`` is indexed and moves for automations too. Who we are is asked only where something changed.
    False where the user can't see leads.
    """
    later = [f"SystemModstamp > {soql.instant(at)}"]
    try:
        if not _any(org, later):
            return False
        return _any(org, [*later, f"LastModifiedById != {soql.text(org.user_id)}"])
    except MissingPermission:
        return False


def _any(org: Org, conditions: list[str]) -> bool:
    return bool(org.session.query(soql.select(("Id",), "Lead", conditions, "LIMIT 1")))
