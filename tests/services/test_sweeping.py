"""The sweep: what is due is named, and nobody is looked through for whom nothing is."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from connector.services import install, looking, renewing, schedules, sweeping
from connector.services.context import Services
from connector.store import connections, tenants
from connector.store.session import Store
from connector.store.tables import installs
from connector.store.tables import schedules as rows
from connector.store.tenants import TenantSettings
from tests.services.copies import copied
from tests.world import World, world

DAY = timedelta(days=1)


@pytest.fixture
def line(store: Store) -> World:
    """No tenant yet."""
    return world(store)


def added(line: World, number: int = 1) -> list[UUID]:
    """Add tenants."""
    with line.services.store.transaction() as session:
        return [tenants.create(session, "T", TenantSettings(), line.clock.now()) for _ in range(number)]


def entered(line: World) -> set[UUID]:
    """Tenants with a row of each kind."""
    with line.services.store.reading() as session:
        query = sa.select(rows.c.tenant_id).group_by(rows.c.tenant_id)
        found = session.execute(query.having(sa.func.count() == len(schedules.KINDS))).scalars()
        return set(found)


def forget(line: World, tenant_id: UUID) -> None:
    """Lose a tenant's rows, as where a version that knew no kind had entered them."""
    with line.services.store.transaction() as session:
        session.execute(sa.delete(rows).where(rows.c.tenant_id == tenant_id))


def test_whoever_is_new_is_entered_by_the_next_sweep(line: World) -> None:
    """The first ones, and those who come after a sweep that found everybody there."""
    first = added(line, 2)
    sweeping.sweep(line.services)
    assert entered(line) == set(first)
    (later,) = added(line)
    sweeping.sweep(line.services)
    assert entered(line) == {*first, later}


def test_without_anybody_new_all_are_looked_through_once_an_hour(line: World) -> None:
    """Another version may know other kinds."""
    (tenant,) = added(line)
    sweeping.sweep(line.services)
    forget(line, tenant)
    sweeping.sweep(line.services)
    assert entered(line) == set()
    line.clock.at += schedules.LOOKED_FOR
    sweeping.sweep(line.services)
    assert entered(line) == {tenant}


def test_more_than_one_sweep_can_enter_are_entered_by_the_next_ones(
    line: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for the next hour."""
    monkeypatch.setattr(schedules, "_ROWS", 2)
    everyone = set(added(line, 5))
    for _ in range(3):
        sweeping.sweep(line.services)
    assert entered(line) == everyone


def test_one_who_comes_while_it_is_looked_is_entered_by_the_next_sweep(
    line: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The note that it was looked does not hide a tenant that was added after the look."""
    enter = schedules.enter

    def enter_then_add(services: Services) -> bool:
        monkeypatch.setattr(schedules, "enter", enter)
        more = enter(services)
        added(line)
        return more

    monkeypatch.setattr(schedules, "enter", enter_then_add)
    sweeping.sweep(line.services)
    assert entered(line) == set()
    sweeping.sweep(line.services)
    assert len(entered(line)) == 1


def test_idle_grants_are_named_every_ten_minutes(scored: World, store: Store) -> None:
    """And looks at each sweep, as they are due."""
    line = copied(scored, store)
    with store.reading() as session:
        connection_id = connections.newest(session).id
    sweeping.sweep(line.services)
    line.clock.at += 8 * DAY
    found = sweeping.sweep(line.services)
    assert (found.grants, found.looks) == ([connection_id], [connection_id])
    line.clock.at += timedelta(minutes=1)
    assert sweeping.sweep(line.services).grants == []
    line.clock.at += timedelta(minutes=9)
    assert sweeping.sweep(line.services).grants == [connection_id]
    renewing.renew(line.services, connection_id)
    looking.look(line.services, connection_id)
    line.clock.at += timedelta(minutes=10)
    assert sweeping.sweep(line.services).grants == []


def test_installations_that_nobody_finished_are_dropped(line: World) -> None:
    """By the next sweep that looks through the grants; those that may still be finished stay."""
    sweeping.sweep(line.services)
    for minutes in (0, 10):
        line.clock.at += timedelta(minutes=minutes)
        install.begin(line.services, "fakecrm", "browser", None)
    line.clock.at += install.STATE_LIFETIME - timedelta(minutes=10)
    assert started(line) == 2
    sweeping.sweep(line.services)
    assert started(line) == 1
    # The one that is over goes with the next installation, too.
    line.clock.at += timedelta(minutes=10)
    install.begin(line.services, "fakecrm", "browser", None)
    assert started(line) == 1


def started(line: World) -> int:
    """How many installations are remembered."""
    with line.services.store.reading() as session:
        return session.execute(sa.select(sa.func.count()).select_from(installs)).scalar_one()
