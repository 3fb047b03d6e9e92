"""What a census misses is read again, and what webhooks say of erasure is carried out once it is confirmed."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from connector.records import Census, Page, WebhookHint
from connector.services import polling
from connector.store import connections, inbox
from connector.store.connections import CrmConnection
from connector.store.session import Store
from connector.store.tables import records
from tests.services.copies import copied
from tests.world import World


def _settled(original: World, store: Store) -> tuple[World, CrmConnection, list[str]]:
    made = copied(original, store)
    with store.reading() as session:
        connection = connections.find_by_account(session, "fakecrm", "101")
    assert connection
    return made, connection, sorted(item.record_id for page in made.crm.pages["people"] for item in page.records)


def _again(line: World) -> None:
    line.clock.sleep(3600)
    with line.services.store.reading() as session:
        account = connections.find_by_account(session, "fakecrm", "101")
    assert account
    polling.catch_up(line.services, account.tenant_id)
    line.work()


def _standing(store: Store, connection_id: UUID) -> dict[str, bool]:
    """Return vendor id → whether the record is open."""
    query = sa.select(records.c.vendor_id, records.c.removed_at).where(records.c.connection_id == connection_id)
    with store.reading() as session:
        return {row.vendor_id: row.removed_at is None for row in session.execute(query)}


def test_who_left_without_a_trace_is_found_by_a_census(scored: World, store: Store) -> None:
    """One vanished, one is only missing in the count: the account is asked about both."""
    line, connection, people = _settled(scored, store)
    vanished, overlooked, *named = people
    line.crm.gone.add(vanished)
    counted = Census(line.clock.now() + timedelta(minutes=1), tuple(named), complete=True)
    line.crm.pages["people"].append(Page(cursor={}, drained=True, census=counted))
    _again(line)
    standing = _standing(store, connection.id)
    assert not standing[vanished]
    assert standing[overlooked]
    assert sum(not there for there in standing.values()) == 1


def test_who_asked_to_be_forgotten_is_erased_once_the_account_confirms_it(scored: World, store: Store) -> None:
    """A hint about someone who is still there erases nobody."""
    line, connection, people = _settled(scored, store)
    forgotten, slandered, *_ = people
    line.crm.gone.add(forgotten)
    now = line.clock.now()
    hints = [WebhookHint("101", who, "privacy", who, now, erased=True) for who in (forgotten, slandered)]
    with store.transaction() as session:
        inbox.keep(session, connection.tenant_id, connection.id, hints, now)
    _again(line)
    standing = _standing(store, connection.id)
    assert forgotten not in standing
    assert standing[slandered]
