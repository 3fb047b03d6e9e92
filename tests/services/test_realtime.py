"""The real-time lane: from a hint to the value in the CRM, for the people concerned alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from connector.adapters.contract import Delivery
from connector.records import PropertyChange, WebhookHint
from connector.services import webhooks
from connector.store import connections, inbox, runs
from connector.store.connections import CrmConnection
from connector.store.session import Store
from tests.world import World, world

MINUTE = timedelta(minutes=1)


@pytest.fixture
def line(store: Store) -> World:
    """An account whose people are scored, a minute later."""
    made = world(store, complexity="interpretable")
    made.install()
    made.work()
    made.clock.at += MINUTE
    return made


def account(line: World) -> CrmConnection:
    """The connected account."""
    with line.services.store.reading() as session:
        found = connections.find_by_account(session, "fakecrm", "101")
    assert found
    return found


def push(line: World, *record_ids: str) -> int:
    """Let the account push that records changed, each in a request of its own; return how many hints were new."""
    headers = {"X-Fake-Signature": "good"}
    deliveries = [Delivery("POST", "", headers, f"101:{record_id}".encode()) for record_id in record_ids]
    return sum(webhooks.receive(line.services, "fakecrm", item) for item in deliveries)


def hint(line: World, *hints: WebhookHint) -> None:
    """Let hints wait that differ in more than whom they are about."""
    owner = account(line)
    with line.services.store.transaction() as session:
        inbox.keep(session, owner.tenant_id, owner.id, hints, line.clock.now())


def grow(line: World, record_id: str, size: int = 5_000) -> None:
    """Let a person's company grow, which raises every score."""
    for page in line.crm.pages["people"]:
        if any(item.record_id == record_id for item in page.records):
            changed = [
                replace(item, modified_at=line.clock.now(), properties={**item.properties, "size": str(size)})
                if item.record_id == record_id
                else item
                for item in page.records
            ]
            change = PropertyChange(record_id, "size", str(size), line.clock.now() - timedelta(seconds=1))
            place = line.crm.pages["people"].index(page)
            line.crm.pages["people"][place] = replace(page, records=tuple(changed), changes=(*page.changes, change))


def scored(line: World) -> list[str]:
    """Records with a score in the CRM."""
    return sorted(line.crm.held)


def runs_of(line: World) -> UUID:
    """The newest run: none was started where it stays the same."""
    with line.services.store.reading() as session:
        found = runs.latest(session, account(line).tenant_id)
    assert found
    return found.id


def test_a_hint_ends_in_a_new_value_and_no_run(line: World) -> None:
    person, before = scored(line)[0], runs_of(line)
    held = line.crm.held[person]["lead_score"]
    grow(line, person)
    line.crm.writes.clear()
    assert push(line, person) == 1
    line.work()
    assert Decimal(line.crm.held[person]["lead_score"]) > Decimal(held)
    assert line.crm.writes == [person]
    assert runs_of(line) == before
