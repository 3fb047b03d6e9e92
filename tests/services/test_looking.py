"""The quick look: who is looked at, how often, and what becomes of the answer."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from connector.adapters.contract import Delivery
from connector.errors import MissingPermission, RetryLater
from connector.records import WebhookHint
from connector.services import looking, maintenance, pipeline, webhooks
from connector.store import connections, inbox, runs
from connector.store.connections import Health
from connector.store.runs import RunStatus
from connector.store.session import Store
from tests.services.copies import copied
from tests.simulator import quick
from tests.world import World, world

MINUTE = timedelta(minutes=1)


@pytest.fixture
def line(quickly_scored: World, store: Store, monkeypatch: pytest.MonkeyPatch) -> World:
    """An account whose first run is done."""
    made = copied(quickly_scored, store)
    quick.stand_in(made, monkeypatch)
    made.clock.at += MINUTE
    return made


def only(line: World) -> UUID:
    """Return the one connection that is due."""
    (connection_id,) = looking.due(line.services)
    return connection_id


def newest(line: World, connection_id: UUID) -> runs.Run:
    """Return the newest run of the connection's tenant."""
    with line.services.store.reading() as session:
        run = runs.latest(session, connections.get(session, connection_id).tenant_id)
    assert run
    return run


def push(line: World, record_id: str) -> None:
    """Let the account push that a record changed."""
    body = f"101:{record_id}".encode()
    assert webhooks.receive(line.services, "fakecrm", Delivery("POST", "", {"X-Fake-Signature": "good"}, body))


def test_nothing_is_started_where_nothing_changed(line: World) -> None:
    """The question is what happened since the last reading began."""
    connection_id = only(line)
    before = newest(line, connection_id)
    line.crm.changed_at = before.created_at
    assert not looking.look(line.services, connection_id)
    assert line.crm.looks == [before.created_at]
    assert newest(line, connection_id) == before


def test_a_change_starts_a_refresh_once(line: World) -> None:
    """While it waits nobody looks; afterwards the same change is no news."""
    connection_id = only(line)
    line.crm.changed_at = line.clock.at
    line.clock.at += timedelta(seconds=1)
    assert looking.look(line.services, connection_id)
    assert newest(line, connection_id).kind == pipeline.REFRESH
    line.clock.at += MINUTE
    assert looking.due(line.services) == []
    line.work()
    assert not looking.look(line.services, only(line))


def test_two_beats_look_once(line: World) -> None:
    """Whoever comes second within the minute finds it done."""
    connection_id = only(line)
    looking.look(line.services, connection_id)
    assert looking.due(line.services) == []
    looking.look(line.services, connection_id)
    assert len(line.crm.looks) == 1
    line.clock.at += MINUTE
    looking.look(line.services, only(line))
    assert len(line.crm.looks) == 2


def test_an_account_that_pushes_is_left_alone_for_a_day(line: World) -> None:
    """Its pushes tell; where they end, the looks begin again."""
    connection_id = only(line)
    push(line, "1001")
    line.work()
    line.clock.at += timedelta(hours=23)
    assert looking.due(line.services) == []
    push(line, "1002")
    line.work()
    line.clock.at += timedelta(hours=1)
    assert looking.due(line.services) == []
    line.clock.at += timedelta(hours=23)
    assert looking.due(line.services) == [connection_id]


def test_what_a_census_doubts_is_no_push(line: World) -> None:
    """Its hints lie in the same inbox."""
    connection_id = only(line)
    with line.services.store.transaction() as session:
        tenant_id = connections.get(session, connection_id).tenant_id
        hint = WebhookHint("101", "key", "census", "1001", line.clock.at)
        inbox.keep(session, tenant_id, connection_id, [hint], line.clock.at)
    assert looking.due(line.services) == [connection_id]


def test_nobody_is_looked_at_before_the_first_run_is_done(store: Store) -> None:
    """The first run reads everything anyway."""
    made = world(store)
    made.install()
    assert looking.due(made.services) == []
    made.work(2)
    assert looking.due(made.services) == []


@pytest.mark.parametrize("health", [Health.NEEDS_ADMIN, Health.DISCONNECTED])
def test_an_account_that_waits_for_its_admin_is_left_alone(line: World, health: Health) -> None:
    """Asking again tells nothing new."""
    connection_id = only(line)
    with line.services.store.transaction() as session:
        connections.set_health(session, connection_id, health, "why")
    assert looking.due(line.services) == []


def test_a_passing_trouble_only_postpones(line: World) -> None:
    """For as long as the CRM asks."""
    connection_id = only(line)

    def full(operation: str) -> None:
        raise RetryLater("The day is used up.", after_seconds=1800)

    line.crm.trouble = full
    assert not looking.look(line.services, connection_id)
    line.clock.at += timedelta(seconds=1799)
    assert looking.due(line.services) == []
    line.clock.at += timedelta(seconds=1)
    assert looking.due(line.services) == [connection_id]


def test_a_grant_that_is_gone_disconnects(line: World) -> None:
    """With the CRM's sentence."""
    connection_id = only(line)
    line.crm.revoked = True
    assert not looking.look(line.services, connection_id)
    with line.services.store.reading() as session:
        found = connections.get(session, connection_id)
        assert connections.tokens(session, connection_id).access_token is None
    assert (found.status, found.status_reason) == (
        Health.DISCONNECTED,
        "Fake CRM took the grant back. Install the app again.",
    )


def test_what_only_the_admin_can_mend_is_shown_by_the_refresh(line: World) -> None:
    """It meets the same trouble, stops with its sentence, and is resumed as any other."""
    connection_id = only(line)

    def hidden(operation: str) -> None:
        raise MissingPermission("The people are hidden.", remedy="Show them.")

    line.crm.trouble = hidden
    assert looking.look(line.services, connection_id)
    line.work()
    run = newest(line, connection_id)
    assert (run.status, run.error) == (RunStatus.STOPPED, "The people are hidden. Show them.")
    line.clock.at += MINUTE
    assert looking.due(line.services) == []


def test_a_stopped_run_that_another_made_good_holds_nobody_up(line: World) -> None:
    """A person started a new one instead of resuming it."""
    connection_id = only(line)
    with line.services.store.transaction() as session:
        tenant_id = connections.get(session, connection_id).tenant_id
        runs.stop(session, newest(line, connection_id).id, "sync", "why")
    assert looking.due(line.services) == []
    maintenance.start_run(line.services, tenant_id, pipeline.RETRAIN)
    line.work()
    assert looking.due(line.services) == [connection_id]


def test_a_refresh_that_a_person_started_is_the_new_mark(line: World) -> None:
    """What it has read is not asked for again."""
    connection_id = only(line)
    line.crm.changed_at = line.clock.at
    line.clock.at += MINUTE
    with line.services.store.reading() as session:
        tenant_id = connections.get(session, connection_id).tenant_id
    maintenance.start_run(line.services, tenant_id, pipeline.REFRESH)
    line.work()
    assert not looking.look(line.services, connection_id)


def test_a_disconnected_account_says_so_at_once(line: World) -> None:
    """Between the sweep and the task the grant may end: the CRM is not asked."""
    connection_id = only(line)
    with line.services.store.transaction() as session:
        connections.set_health(session, connection_id, Health.DISCONNECTED, "why")
    looking.look(line.services, connection_id)
    assert line.crm.looks == []
    with line.services.store.reading() as session:
        assert connections.get(session, connection_id).status_reason == "why"
