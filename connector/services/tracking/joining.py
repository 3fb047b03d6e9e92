"""Visitors and the people in the CRM: who waits joins when a record appears."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.services.context import Services
from connector.services.tracking.pseudonyms import person_key_of, pseudonyms
from connector.store import visitors


def join_waiting(services: Services, session: Connection, tenant_id: UUID) -> int:
    """Give visitors who wait to the people that appeared, and part those whose person is gone; return how many joined.

    Every mailbox of the records is hashed, not only the newest ones': a few microseconds each, only where somebody
    waits, and no joining can be missed.
    """
    visitors.part_lost(session, tenant_id)
    waiting = visitors.waiting(session, tenant_id)
    if not waiting:
        return 0
    hashes = {
        mark: key
        for key in visitors.person_keys(session, tenant_id)
        for mark in pseudonyms(services, tenant_id, key.removeprefix(person_key_of("")))
    }
    return visitors.join(session, tenant_id, {mark: hashes[mark] for mark in waiting & hashes.keys()})


def join_known(services: Services, session: Connection, tenant_id: UUID, mailboxes: Iterable[str]) -> int:
    """Give visitors of these mailboxes to their people at once, where there are any; return how many joined."""
    wanted = {person_key_of(mailbox): mailbox for mailbox in mailboxes}
    found = visitors.with_records(session, tenant_id, wanted)
    marks = {mark: key for key in found for mark in pseudonyms(services, tenant_id, wanted[key])}
    return visitors.join(session, tenant_id, marks)
