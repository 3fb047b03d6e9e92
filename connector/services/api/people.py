"""People's rights, asked for by a tenant's programs: to be forgotten, to see what is held, not to be profiled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from connector.services.api import references
from connector.services.api.keys import Caller
from connector.services.api.references import Reference
from connector.services.context import Services
from connector.services.privacy import erasing
from connector.services.privacy.held import held_of
from connector.services.privacy.objecting import allow_profiling, object_to_profiling
from connector.store.erasures import Erasure


def lead_of(services: Services, caller: Caller, wanted: Reference) -> int | None:
    """Return the one lead that is meant; None where there is none, or several."""
    with services.store.reading(caller.tenant_id) as session:
        return references.one(session, caller.tenant_id, wanted)


def erase_lead(services: Services, caller: Caller, lead_id: int) -> UUID | None:
    """Let the person behind a lead be forgotten; None where there is no such lead any more."""
    return erasing.ask_for_lead(services, caller.tenant_id, lead_id, _name(caller))


def erase_email(services: Services, caller: Caller, email: str) -> UUID:
    """Let the owner of an address be forgotten and barred; raises ``RejectedInput`` for what is no address."""
    return erasing.ask_for_email(services, caller.tenant_id, email, _name(caller))


def erasures(services: Services, caller: Caller) -> Sequence[Erasure]:
    """Return the tenant's newest erasures, however they were asked for."""
    return erasing.of_tenant(services, caller.tenant_id)


def held(services: Services, caller: Caller, lead_id: int) -> dict[str, Any] | None:
    """Return everything that is held of a lead's person, heading → contents."""
    return held_of(services, caller.tenant_id, lead_id, _name(caller))


def profile(services: Services, caller: Caller, lead_id: int, *, allowed: bool, clear: bool) -> bool:
    """Let a person be scored, or no more; ``clear``: our values leave the CRMs as well. False: no such lead."""
    if allowed:
        return allow_profiling(services, caller.tenant_id, lead_id, _name(caller))
    return object_to_profiling(services, caller.tenant_id, lead_id, _name(caller), clear=clear)


def _name(caller: Caller) -> str:
    return f"API key {caller.prefix}"
