"""Thumbs of a tenant's programs: a button of theirs, on a score."""

from __future__ import annotations

from connector.services import acts
from connector.services.api import references
from connector.services.api.keys import Caller
from connector.services.api.references import Reference
from connector.services.context import Services
from connector.services.feedback.rating import Thumb, rate


def give(services: Services, caller: Caller, wanted: Reference, thumb: Thumb) -> tuple[int, int] | None:
    """Keep a thumb in the name of the key; return (lead, the ledger's entry), None where no one lead is meant.

    Raises ``RejectedInput`` as :func:`rate` does.
    """
    with services.store.reading(caller.tenant_id) as session:
        lead_id = references.one(session, caller.tenant_id, wanted)
    if lead_id is None:
        return None
    with acts.asked_by(f"API key {caller.prefix}"):
        return lead_id, rate(services, caller.tenant_id, lead_id, thumb)
