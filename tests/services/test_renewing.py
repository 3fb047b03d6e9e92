"""Grants that lie idle are kept alive, once each, and one that is gone says so."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from connector.errors import RetryLater
from connector.records import Tokens
from connector.services import renewing
from connector.store import connections
from connector.store.connections import Health, StoredTokens
from connector.store.session import Store
from tests.fakecrm import FakeApp
from tests.world import World, world

QUARTER = timedelta(days=7.5)
STEP = timedelta(seconds=1)


@pytest.fixture
def line(store: Store) -> World:
    """An account that was installed now, and with which nothing happens."""
    made = world(store)
    made.install()
    return made


def only(line: World) -> UUID:
    """Return the one connection that is due."""
    (connection_id,) = renewing.due(line.services)
    return connection_id


def stored(line: World, connection_id: UUID) -> StoredTokens:
    """Return its tokens as they are kept."""
    with line.services.store.reading() as session:
        return connections.tokens(session, connection_id)


def test_an_idle_grant_is_renewed_after_a_quarter_of_its_time(line: World) -> None:
    """And again a quarter later; before, nobody asks."""
    line.clock.at += QUARTER
    assert renewing.due(line.services) == []
    line.clock.at += STEP
    connection_id = only(line)
    renewing.renew(line.services, connection_id)
    assert line.crm.refreshes == 1
    assert stored(line, connection_id).saved_at == line.clock.at
    assert renewing.due(line.services) == []
    line.clock.at += QUARTER + STEP
    renewing.renew(line.services, only(line))
    assert line.crm.refreshes == 2


def test_two_beats_refresh_once(line: World) -> None:
    """Each refresh token can be used once: a second one would end the grant."""
    line.clock.at += QUARTER + STEP
    connection_id = only(line)
    renewing.renew(line.services, connection_id)
    renewing.renew(line.services, connection_id)
    assert line.crm.refreshes == 1


def test_tokens_of_an_older_release_are_renewed_at_once(line: World) -> None:
    """Nobody knows how long they lie there."""
    with line.services.store.transaction() as session:
        session.exec_driver_sql("UPDATE connections SET tokens_saved_at = NULL")
    renewing.renew(line.services, only(line))
    assert line.crm.refreshes == 1
    assert renewing.due(line.services) == []


def test_a_grant_that_is_gone_disconnects_with_its_sentence(line: World) -> None:
    """The page tells the admin long before a lead is missed."""
    line.clock.at += QUARTER + STEP
    connection_id = only(line)
    line.crm.revoked = True
    renewing.renew(line.services, connection_id)
    with line.services.store.reading() as session:
        found = connections.get(session, connection_id)
    assert found.status is Health.DISCONNECTED
    assert found.status_reason == "Fake CRM took the grant back. Install the app again."
    assert stored(line, connection_id).access_token is None
    assert renewing.due(line.services) == []


def test_a_passing_failure_waits_for_the_next_sweep(line: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection stays as it is, and due."""
    line.clock.at += QUARTER + STEP
    connection_id = only(line)

    def unreachable(*_: object) -> Tokens:
        raise RetryLater("The CRM does not answer.")

    with monkeypatch.context() as patch:
        patch.setattr(FakeApp, "refresh", unreachable)
        renewing.renew(line.services, connection_id)
    assert only(line) == connection_id
    renewing.renew(line.services, connection_id)
    assert line.crm.refreshes == 1
    with line.services.store.reading() as session:
        assert connections.get(session, connection_id).status is Health.ACTIVE
