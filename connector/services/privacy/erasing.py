"""Forget a person: asked for in one transaction, done by whoever sweeps, resumable wherever a worker dies.

Asking sets the tombstones, so that from its commit on nothing brings the person back. Then the store forgets them,
then our values leave the CRMs that still know them, then the bytes leave the database's files.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.crashpoints import Point, reached
from connector.errors import ConnectorError, RetryLater
from connector.records import Removal
from connector.services.context import Services
from connector.services.privacy import clearing
from connector.services.privacy.whom import Found, by_email, by_lead, by_records
from connector.services.tracking.pseudonyms import person_key_of, pseudonyms, record_marks
from connector.store import connections, erasures, forgetting, ledger, records, successions, tombstones, visitors
from connector.store.erasures import Erasure, ErasureStatus, Whom

log = logging.getLogger("connector.erasing")

LEASE = timedelta(minutes=5)
PAUSE = timedelta(minutes=1)
PATIENCE = timedelta(days=3)
"""For so long a CRM that does not answer is asked to let go of our values; the store has forgotten the person."""
_SWEPT = _SHOWN = 100


def ask_for_lead(services: Services, tenant_id: UUID, lead_id: int, asked_by: str) -> UUID | None:
    """Let the person behind a lead be forgotten; None where the tenant has no such lead.

    One that ended because no CRM has the person any more is found by its number still.
    """
    with services.store.transaction(tenant_id) as session:
        tombstones.hold(session, tenant_id, alone=True)
        found = by_lead(session, tenant_id, lead_id)
        if found is not None:
            return _ask(services, session, tenant_id, found, asked_by)
        marks = successions.marks_of(session, tenant_id, lead_id)
        if not marks:
            return None
        now = services.clock.now()
        tombstones.put(session, tenant_id, dict.fromkeys(marks, now))
        leads = sorted(successions.marked(session, tenant_id, marks))
        return erasures.add(session, tenant_id, Whom(tuple(leads), ()), asked_by, now)


def ask_for_email(services: Services, tenant_id: UUID, email: str, asked_by: str) -> UUID:
    """Let the owner of an address be forgotten, whether or not anything is held of them.

    Raises ``RejectedInput`` for what is no address.
    """
    with services.store.transaction(tenant_id) as session:
        tombstones.hold(session, tenant_id, alone=True)
        return _ask(services, session, tenant_id, by_email(session, tenant_id, email), asked_by)


def ask_for_removed(
    services: Services, session: Connection, tenant_id: UUID, connection_id: UUID, gone: Sequence[Removal]
) -> None:
    """Let those be forgotten whom a CRM erased; to be called with the tombstones held alone, before their records go.

    The whole person is: what other CRMs told of them as well.
    """
    erased = [item for item in gone if item.erased]
    if not erased:
        # Nearly every page.
        return
    account = connections.get(session, connection_id)
    for item in erased:
        found = by_records(session, tenant_id, [(connection_id, item.record_id)])
        _ask(services, session, tenant_id, found, account.vendor, {(connection_id, item.record_id)})


def _ask(
    services: Services,
    session: Connection,
    tenant_id: UUID,
    found: Found,
    asked_by: str,
    erased_there: set[tuple[UUID, str]] | None = None,
) -> UUID:
    now = services.clock.now()
    accounts = {account.id: account for account in connections.of_tenant(session, tenant_id)}
    # Under every key: processes that have not been given the newest yet are to bar the person as well.
    marks = {mark for owner, vendor_id in found.records for mark in record_marks(services, accounts[owner], vendor_id)}
    keys = {
        mark: person_key_of(mailbox) for mailbox in found.mailboxes for mark in pseudonyms(services, tenant_id, mailbox)
    }
    tombstones.put(session, tenant_id, dict.fromkeys(marks | keys.keys(), now))
    visitors.forget(session, tenant_id, keys)
    subjects = [f"email:{address}" for address in sorted(found.addresses)]
    for account_id in accounts:
        forgetting.unresolved(session, account_id, subjects)
    cleared = tuple(pair for pair in found.written if pair not in (erased_there or ()))
    ended = successions.marked(session, tenant_id, marks | keys.keys()) | _joined(session, tenant_id, found)
    leads = tuple(sorted({*found.leads, *ended}))
    return erasures.add(session, tenant_id, Whom(leads, found.records, cleared), asked_by, now)


def _joined(session: Connection, tenant_id: UUID, found: Found) -> set[int]:
    """Return the leads that ended by joining this person's."""
    ids: set[int] = set()
    for account_id in {owner for owner, _ in found.records}:
        named = [vendor_id for owner, vendor_id in found.records if owner == account_id]
        ids.update(records.ids_by_vendor_id(session, account_id, named).values())
    return successions.of_records(session, tenant_id, ids)


def due(services: Services) -> Sequence[UUID]:
    """Return the erasures that wait for a worker."""
    with services.store.reading() as session:
        return erasures.due(session, services.clock.now(), _SWEPT)


def of_tenant(services: Services, tenant_id: UUID) -> Sequence[Erasure]:
    """Return a tenant's newest erasures."""
    with services.store.reading(tenant_id) as session:
        return erasures.of_tenant(session, tenant_id, _SHOWN)


def carry_out(services: Services, erasure_id: UUID) -> bool:
    """Go on with an erasure until it is done; False where another worker has it, or it must wait."""
    now = services.clock.now()
    with services.store.transaction() as session:
        held = erasures.claim(session, erasure_id, now, now + LEASE)
    if held is None:
        return False
    reached(Point.ERASURE_CLAIMED)
    person = held.person
    if held.status is ErasureStatus.ASKED and person is not None:
        person = _forget(services, held, person)
    try:
        message = _clear(services, held, person)
        services.store.scrub()
    except RetryLater as later:
        _postpone(services, held, str(later))
        return False
    with services.store.transaction(held.tenant_id) as session:
        erasures.finish(session, erasure_id, services.clock.now(), message)
    reached(Point.ERASURE_DONE)
    # What the row itself said of the person goes last.
    services.store.scrub()
    log.info("an erasure of tenant %s is done: %s", held.tenant_id, erasure_id)
    return True


def _forget(services: Services, held: Erasure, person: Whom) -> Whom | None:
    """Let the store forget; return what is left to be cleared in CRMs."""
    rest = replace(person, leads=(), records=()) if person.cleared else None
    with services.store.transaction(held.tenant_id) as session:
        ledger.lock(session, held.tenant_id)
        found = forgetting.forget(session, held.tenant_id, person)
        body = {"action": "erased a person", "asked_by": held.asked_by, "erasure": str(held.id)}
        ledger.append(session, held.tenant_id, [ledger.Entry("admin", None, body)], services.clock.now())
        erasures.forgotten(session, held.id, rest, found)
        reached(Point.ERASURE_WRITTEN)
    reached(Point.ERASURE_FORGOTTEN)
    return rest


def _clear(services: Services, held: Erasure, person: Whom | None) -> str | None:
    """Take our values out of the CRMs; return what could not be reached. Raises ``RetryLater`` within the patience."""
    if person is None:
        return None
    try:
        left = clearing.clear(services, person.cleared)
    except RetryLater as later:
        if services.clock.now() - held.asked_at < PATIENCE:
            raise
        left = str(later)
    except ConnectorError as error:
        left = str(error)
    reached(Point.ERASURE_CLEARED)
    return left


def _postpone(services: Services, held: Erasure, message: str) -> None:
    with services.store.transaction(held.tenant_id) as session:
        erasures.postpone(session, held.id, services.clock.now() + PAUSE, message)
