"""Fifty workers, one expired token, refresh tokens that rotate: the worst moment of a connection."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from connector.clock import SystemClock
from connector.errors import Disconnected
from connector.services import install, renewing
from connector.services.opening import open_adapter, read_connection
from connector.services.tokens import TokenSource
from connector.store import connections
from connector.store.connections import Health
from connector.store.session import Store
from tests.contract.salesforce_world import SalesforceWorld
from tests.world import World, world

WORKERS = 50
DAY_SECONDS = 86_400


@pytest.fixture
def org() -> Iterator[SalesforceWorld]:
    """An org that rotates its refresh tokens: a used one ends the whole grant."""
    made = SalesforceWorld(rotate=True)
    yield made
    made.stop()


@pytest.fixture
def installed(store: Store, org: SalesforceWorld) -> World:
    """The app is installed in the org."""
    made = world(store)
    # Threads wait for each other here, which takes real time.
    made.services = replace(made.services, apps={"salesforce": org.app()}, clock=SystemClock())
    return made


def test_fifty_workers_refresh_once_and_nobody_is_disconnected(installed: World, org: SalesforceWorld) -> None:
    """All get the same fresh token, the vendor saw one refresh, and the connection lives on."""
    services = installed.services
    url = install.begin(services, "salesforce", "browser", None)
    code, state = org.consent(url)
    connection_id = install.complete(services, "salesforce", "browser", state, code).connection_id
    source = TokenSource(services, services.apps["salesforce"], read_connection(services, connection_id))
    expired = source.token()
    org.expire_tokens()
    with ThreadPoolExecutor(WORKERS) as pool:
        tokens = list(pool.map(lambda _: source.refused(expired), range(WORKERS)))
    assert len(set(tokens)) == 1
    assert tokens[0] != expired
    with services.store.reading() as session:
        assert connections.tokens(session, connection_id).version == 2
        assert connections.get(session, connection_id).status is Health.ACTIVE
    assert org.installed()
    assert open_adapter(services, connection_id).account().account_id


@pytest.mark.parametrize("kept_alive", [True, False])
def test_an_idle_grant_that_rotates_outlives_its_thirty_days(
    store: Store, org: SalesforceWorld, kept_alive: bool
) -> None:
    """Nothing happens in the org for four months but what the sweep announces each day."""
    made = world(store)
    services = replace(made.services, apps={"salesforce": org.app()}, clock=org.clock)
    code, state = org.consent(install.begin(services, "salesforce", "browser", None))
    connection_id = install.complete(services, "salesforce", "browser", state, code).connection_id
    renewed = 0
    for _ in range(120):
        org.clock.sleep(DAY_SECONDS)
        for due in renewing.due(services) if kept_alive else ():
            renewing.renew(services, due)
            renewed += 1
    assert renewed == (120 // 8 if kept_alive else 0)
    if kept_alive:
        assert open_adapter(services, connection_id).account().account_id
        return
    with pytest.raises(Disconnected):
        open_adapter(services, connection_id).account()
