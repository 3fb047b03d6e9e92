"""Recompute a tenant's whole ledger in pieces, by the clock or because somebody asked, and keep what was found."""

from __future__ import annotations

import logging
from dataclasses import replace
from uuid import UUID

from connector.errors import RetryLater
from connector.services import acts, ledgers
from connector.services.context import Services
from connector.store import chain, ledger, schedules
from connector.store.chain import Check, Place

log = logging.getLogger("connector.ledgers")

KIND = "ledger"
"""Among what is done by the clock."""
PIECE = 10_000
"""Entries that are recomputed in one short view of the database."""
PIECES = 100
"""Pieces of one turn: others wait for the same worker."""


def check(services: Services, tenant_id: UUID) -> None:
    """Go on with the check that is under way, or begin one; raises ``RetryLater`` while more is left."""
    with services.store.reading(tenant_id) as session:
        held = chain.check_of(session, tenant_id)
    if held.begun_at is None:
        held = replace(held, begun_at=services.clock.now(), place=Place())
    for _ in range(PIECES):
        # Nobody who writes waits for it: what was read is noted in a transaction of its own.
        with services.store.reading(tenant_id) as session:
            found = chain.advance(session, tenant_id, held.place, PIECE)
        if isinstance(found, Place):
            held = replace(held, place=found)
        else:
            held = Check(ended_at=services.clock.now(), found=found)
        with services.store.transaction(tenant_id) as session:
            chain.save(session, tenant_id, held)
        if held.begun_at is None:
            break
    else:
        raise RetryLater(f"The ledger is verified to entry {held.place.seq:,} so far.", after_seconds=1.0)
    said = ledgers.complaint(held.found, tenant_id) if held.found else None
    if said:
        log.error("%s", said)


def ask(services: Services, tenant_id: UUID) -> None:
    """Have the ledger verified within a minute or so, on the record."""
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        schedules.bring_forward(session, KIND, {tenant_id: services.clock.now()})
        acts.record(services, session, tenant_id, "ask for the ledger to be verified")
