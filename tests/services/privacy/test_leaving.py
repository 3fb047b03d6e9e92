"""Who is left is not called any more but to say goodbye, and what they told goes by its deadline."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from connector.adapters.contract import Capabilities, Lane
from connector.adapters.registry import REGISTRY
from connector.crashpoints import Point, watching
from connector.errors import Disconnected, RejectedInput, RetryLater
from connector.records import Page
from connector.services import install, schedules
from connector.services.goodbye import FORGET_ACCOUNTS
from connector.services.opening import open_adapter
from connector.services.privacy import leaving
from connector.services.tokens import mark_disconnected
from connector.store import connections, departures
from connector.store.connections import Health
from connector.store.session import Store
from connector.store.tables import connections as connections_table
from connector.store.tables import leads, ledger, metadata, tenants
from tests import databases
from tests.contract.conftest import WORLDS
from tests.contract.world import VendorWorld
from tests.services.privacy.people import ANA, BEN, Crash, Dies, People, people, told
from tests.world import World, world
from workers.outcomes import carry_out

GOODBYES: dict[str, Callable[[str, str], bool]] = {
    "hubspot": lambda method, path: (method, path.rsplit("/", 1)[1]) == ("DELETE", "external-install"),
    "salesforce": lambda method, path: (method, path) == ("POST", "/services/oauth2/revoke"),
    # There is no call to give a token back: what was made in the account is removed.
    "mailchimp": lambda method, path: path == "/3.0/lists" or path.split("/")[4:5] == ["webhooks"],
}
"""Whether a request says goodbye."""
REMOVABLE = ("/properties/", "/merge-fields/", "/segments/")
MADE = ("/properties/2026-03/contacts", "/merge-fields", "/segments")
POINTS = [Point.LEAVING_ASKED, Point.LEAVING_CLAIMED, Point.LEAVING_REVOKED, Point.LEAVING_ENDED]


@dataclass
class Installed:
    """An account of a vendor's stand-in, connected for good, with a run that waits."""

    world: World
    vendor: VendorWorld
    connection_id: UUID
    tenant_id: UUID

    def log(self) -> list[tuple[str, str]]:
        """Return (method, path) of every request so far."""
        entries = self.vendor.sandbox.stage.log.entries()  # type: ignore[attr-defined]
        return [(entry.method, entry.path.partition("?")[0]) for entry in entries]


@pytest.fixture(params=sorted(REGISTRY))
def vendor(request: pytest.FixtureRequest) -> Iterator[VendorWorld]:
    """A stand-in with an account."""
    made = WORLDS[request.param]()
    yield made
    made.stop()


@pytest.fixture
def light(tmp_path: Path) -> Iterator[Store]:
    """A migrated store of one kind: what is asked of a vendor does not depend on the database."""
    opened = databases.sqlite_store(tmp_path / "leaving.db")
    yield opened
    opened.close()


def _leave(made: Installed) -> None:
    """Leave, and say goodbye."""
    leaving.leave(made.world.services, made.tenant_id, made.connection_id, "test", clear=False)
    leaving.carry_out(made.world.services, made.connection_id)


def _install(store: Store, vendor: VendorWorld) -> Installed:
    def lane(name: str, account_id: str, capabilities: Capabilities, *, realtime: bool) -> Lane:
        return vendor.governor.lane(name, account_id, capabilities.budgets, realtime=realtime)

    made = world(store)
    made.services = replace(made.services, apps={vendor.name: vendor.app()}, clock=vendor.clock, lane=lane)
    url = install.begin(made.services, vendor.name, "browser", None)
    code, state = vendor.consent(url)
    done = install.complete(made.services, vendor.name, "browser", state, code)
    return Installed(made, vendor, done.connection_id, done.tenant_id)


@pytest.mark.parametrize("point", POINTS)
def test_nothing_but_the_goodbye_is_called(light: Store, vendor: VendorWorld, point: Point) -> None:
    """Wherever a process dies: not by the run that waits, nor by a worker who is at it; then not even the goodbye."""
    made = _install(light, vendor)
    services = made.world.services
    at_work = open_adapter(services, made.connection_id)
    at_work.fields()
    before = len(made.log())
    dies = Dies(point)
    with watching(dies), pytest.raises(Crash):
        _leave(made)
    with pytest.raises(Disconnected):
        at_work.account()
    with pytest.raises(Disconnected):
        open_adapter(services, made.connection_id)
    for _, intent_id in made.world.woken:
        carry_out(services, intent_id)
    vendor.clock.sleep(leaving.LEASE.total_seconds() + 1)
    for connection_id in leaving.due(services):
        assert leaving.carry_out(services, connection_id)
    called = made.log()[before:]
    assert called
    assert [call for call in called if not GOODBYES[vendor.name](*call)] == []
    assert vendor.installed() is not vendor.revocable
    with light.reading() as session:
        row = session.execute(sa.select(connections_table)).one()
        left = departures.find(session, made.connection_id)
        assert departures.tokens(session, made.connection_id) is None
    assert (row.status, row.access_token, row.refresh_token, row.hook_secrets) == ("disconnected", None, None, None)
    assert left
    assert ("remove the app" in (left.message or "")) is not vendor.revocable
    vendor.clock.sleep(3600)
    assert leaving.due(services) == []
    assert len(made.log()[before:]) == len(called)


def test_our_fields_go_first_where_that_is_wanted(light: Store, vendor: VendorWorld) -> None:
    """They are removed, or emptied where no app can remove them."""
    vendor.fill(3)
    made = _install(light, vendor)
    services = made.world.services
    adapter = open_adapter(services, made.connection_id)
    names = adapter.ensure_score_fields()
    with light.transaction() as session:
        connections.save_field_names(session, made.connection_id, names)
    assert {item.name for item in open_adapter(services, made.connection_id).fields() if item.own}
    leaving.leave(services, made.tenant_id, made.connection_id, "test", clear=True)
    assert leaving.carry_out(services, made.connection_id)
    removed = [path for method, path in made.log() if method == "DELETE" and any(part in path for part in REMOVABLE)]
    created = [path for method, path in made.log() if method == "POST" and path.endswith(MADE)]
    # Salesforce lets no app delete a field: it is emptied.
    assert len(removed) == (0 if vendor.name == "salesforce" else len(created))
    assert created or vendor.name == "salesforce"


def test_a_worker_may_die_before_the_grant_is_given_back(store: Store) -> None:
    """Our fields have left the CRM by then; the next worker finds none and goes on."""
    made = people(store)
    leaving.leave(made.services, made.tenant_id, made.account.id, "test", clear=True)
    with watching(Dies(Point.LEAVING_CLEARED)), pytest.raises(Crash):
        leaving.carry_out(made.services, made.account.id)
    assert not made.world.crm.held
    assert not made.world.crm.revoked
    assert not leaving.carry_out(made.services, made.account.id)
    made.world.clock.at += leaving.LEASE
    assert leaving.carry_out(made.services, made.account.id)
    assert made.world.crm.revoked


def test_every_point_is_died_at() -> None:
    """A point that no test comes to is a promise that nobody has tried."""
    tried = {*POINTS, Point.LEAVING_CLEARED, Point.LEAVING_FORGOTTEN, Point.LEAVING_GONE}
    assert tried == {point for point in Point if point.name.startswith("LEAVING_")}


def _rows(store: Store) -> dict[str, int]:
    with store.reading() as session:
        counts = {
            table.name: session.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for table in metadata.sorted_tables
        }
    return {name: count for name, count in counts.items() if count}


def _due(made: People) -> bool:
    """Do what is due by the clock for accounts that were left; tell whether it was."""
    return schedules.carry_out(made.services, made.tenant_id, FORGET_ACCOUNTS)


@pytest.mark.parametrize("point", [None, Point.LEAVING_FORGOTTEN, Point.LEAVING_GONE])
def test_the_data_go_by_their_deadline(store: Store, point: Point | None) -> None:
    """A tenant without another account goes as a whole; a worker may die in between."""
    made = people(store)
    assert leaving.leave(made.services, made.tenant_id, made.account.id, "test", clear=False)
    assert not leaving.leave(made.services, made.tenant_id, made.account.id, "test", clear=False)
    assert made.world.crm.held
    leaving.carry_out(made.services, made.account.id)
    made.world.clock.at += made.services.keeping.after_leaving - timedelta(seconds=1)
    assert not _due(made)
    assert made.known() == {ANA, BEN}
    made.world.clock.at += timedelta(seconds=1)
    # Somebody may just be adding another account.
    install.begin(made.services, "fakecrm", "browser", made.tenant_id)
    if point:
        with watching(Dies(point)), pytest.raises(Crash):
            _due(made)
        made.world.clock.at += schedules.LEASE
    _due(made)
    rows = _rows(store)
    assert set(rows) <= {"pulses", "schedules"}, rows


def test_another_account_keeps_its_own(store: Store) -> None:
    """Of a person in both, what the other told is left, and the ledger holds."""
    made = people(store)
    now = made.world.clock.now()
    with store.transaction() as session:
        other = connections.add(
            session, made.tenant_id, "fakecrm", replace(made.world.crm.account, account_id="2"), now
        )
    second = People(made.world, replace(made.account, id=other, account_id="2"))
    mail = told(ANA).records[0]
    second.read(Page(cursor={}, drained=True, records=(replace(mail, record_id="ana-there"),)))
    assert made.lead_of("ana-there") == made.lead_of(ANA)
    leaving.leave(made.services, made.tenant_id, made.account.id, "test", clear=False)
    made.world.clock.at += made.services.keeping.after_leaving
    assert _due(made)
    assert made.known() == {"ana-there"}
    with store.reading() as session:
        assert len(session.execute(sa.select(leads)).all()) == 1
        assert [row.id for row in session.execute(sa.select(connections_table))] == [other]
        assert len(session.execute(sa.select(tenants)).all()) == 1
        kinds = session.execute(sa.select(ledger.c.kind).order_by(ledger.c.seq)).scalars().all()
        assert kinds[-2:] == ["admin", "admin"]


def test_who_connects_again_loses_nothing(store: Store) -> None:
    """Neither to the deadline, nor to a goodbye that was still to be said."""
    made = people(store)
    leaving.leave(made.services, made.tenant_id, made.account.id, "test", clear=True)
    made.world.install()
    assert leaving.due(made.services) == []
    assert not leaving.carry_out(made.services, made.account.id)
    made.world.clock.at += made.services.keeping.after_leaving
    _due(made)
    assert made.known() == {ANA, BEN}
    assert set(made.world.crm.held) == {ANA, BEN}
    open_adapter(made.services, made.account.id).fields()


def test_a_crm_that_is_away_is_tried_for_a_day(store: Store) -> None:
    """Then the tokens are destroyed without its word, and the admin is told."""
    made = people(store)

    def trouble(operation: str) -> None:
        raise RetryLater("The CRM is away.")

    made.world.crm.trouble = trouble
    leaving.leave(made.services, made.tenant_id, made.account.id, "test", clear=False)
    assert not leaving.carry_out(made.services, made.account.id)
    made.world.clock.at += leaving.PATIENCE
    assert leaving.carry_out(made.services, made.account.id)
    with store.reading() as session:
        left = departures.find(session, made.account.id)
        assert departures.tokens(session, made.account.id) is None
    assert left
    assert "Remove the app there yourself" in (left.message or "")


def test_an_account_whose_own_side_left_has_a_deadline_too(store: Store) -> None:
    """There is nobody to say goodbye to."""
    made = people(store)
    mark_disconnected(made.services, made.account, "The CRM took its permission back.")
    assert leaving.due(made.services) == []
    assert not leaving.leave(made.services, made.tenant_id, made.account.id, "test", clear=False)
    made.world.clock.at += made.services.keeping.after_leaving
    assert _due(made)
    assert made.known() == set()
    with pytest.raises(RejectedInput):
        leaving.leave(made.services, made.tenant_id, made.account.id, "test", clear=False)


def test_a_refresh_that_was_under_way_brings_no_token_back(store: Store) -> None:
    """What the vendor answered is kept nowhere."""
    made = people(store)
    with store.reading() as session:
        held = connections.tokens(session, made.account.id)
    leaving.leave(made.services, made.tenant_id, made.account.id, "test", clear=False)
    with store.transaction() as session:
        assert not connections.save_tokens(session, made.account.id, held, made.world.clock.now())
        account = connections.get(session, made.account.id)
    assert account.status is Health.DISCONNECTED
