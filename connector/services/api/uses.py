"""Every use of a key is remembered in the ledger.

The request only adds a plain row, which waits for nobody; the sweep moves rows into the chain, whose lock a pass over
everybody may hold for a while. What was answered is thus on disk before the answer, and in the chain a sweep later.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.services.api.keys import Caller
from connector.services.api.repeating import KEPT
from connector.services.context import Services
from connector.store import api_answers, api_keys, api_uses, ledger, recomputations

ACCESSED = "accessed"
_ROWS = 1_000
"""Uses that one transaction moves at most."""


def record(services: Services, caller: Caller, operation: str, lead_ids: Sequence[int], request_id: str) -> bool:
    """Remember a use, and once a minute when the key was last used.

    False, and nothing is remembered, where the caller was only remembered and its key has ceased to open.
    """
    with services.store.transaction(caller.tenant_id) as session:
        return add(services, session, caller, operation, lead_ids, request_id)


def add(
    services: Services,
    session: Connection,
    caller: Caller,
    operation: str,
    lead_ids: Sequence[int],
    request_id: str,
) -> bool:
    """Do what :func:`record` does, in a transaction of the caller's tenant that reads what is told."""
    now = services.clock.now()
    one = lead_ids[0] if len(lead_ids) == 1 else None
    body = {
        "key": caller.prefix,
        "operation": operation,
        "request": request_id,
        # When it happened: the entry itself bears the time at which it came into the chain.
        "at": now.isoformat(),
        **({"leads": list(lead_ids)} if len(lead_ids) > 1 else {}),
    }
    if caller.remembered:
        return api_uses.add_while_open(session, (caller.tenant_id, caller.key_id, caller.secret_hash), now, one, body)
    api_uses.add(session, caller.tenant_id, now, one, body)
    if now >= caller.note_due:
        api_keys.note_use(session, caller.tenant_id, caller.key_id, now)
    return True


def sweep(services: Services) -> int:
    """Move uses into the ledger, and delete answers and requests whose time is over; return how many were moved."""
    with services.store.reading() as session:
        found = api_uses.tenants(session, _ROWS)
    moved = sum(_move(services, tenant_id) for tenant_id in found)
    _prune(services)
    return moved


def _move(services: Services, tenant_id: UUID) -> int:
    with services.store.transaction(tenant_id) as session:
        # Two sweeps at once must not both find the same rows.
        ledger.lock(session, tenant_id)
        rows = api_uses.waiting(session, tenant_id, _ROWS)
        if rows:
            entries = [ledger.Entry(ACCESSED, row.lead_id, row.body) for row in rows]
            ledger.append(session, tenant_id, entries, services.clock.now())
            api_uses.remove(session, tenant_id, [row.id for row in rows])
    return len(rows)


def _prune(services: Services) -> None:
    before = services.clock.now() - KEPT
    with services.store.reading() as session:
        old = api_answers.any_before(session, before) or recomputations.any_before(session, before)
    if old:
        with services.store.transaction() as session:
            api_answers.prune(session, before)
            recomputations.prune(session, before)
