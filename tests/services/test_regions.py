"""One set of processes serves one region, and nothing of a tenant is anywhere else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from connector.adapters.contract import Delivery
from connector.app import create_app
from connector.bootstrap import build
from connector.crypto import new_key
from connector.records import Role
from connector.services import maintenance, schedules, webhooks
from connector.services.access import sessions
from connector.services.opening import open_adapter
from connector.services.regions import ElsewhereError
from connector.services.tracking import collecting, sites
from connector.settings import load
from connector.store import connections, tenants, users
from connector.store.connections import CrmConnection
from connector.store.sites import TrackedSite
from connector.store.tables import inbox, runs, tracked_events
from tests import databases, servers
from tests.fakecrm import FakeApp
from tests.services.tracking.visits import CHROME, ORIGIN, body, identify, page
from tests.unit.web.site import PUBLIC_URL, settings
from tests.world import StillClock, World, open_lane, small_account
from workers.outcomes import carry_out

REGIONS = ("eu", "us")


def _mark(region: str) -> str:
    return f"zqof{region}"


@contextmanager
def region(folder: Path, name: str) -> Iterator[tuple[World, CrmConnection, TrackedSite]]:
    """A region's processes, whose only tenant has people with its mark in every text."""
    folder.mkdir()
    (folder / "broker").mkdir()
    with servers.redis_server(folder / "broker") as redis_url:
        environ = {
            "CONNECTOR_SECRET_KEY": name * 20,
            "CONNECTOR_ENCRYPTION_KEYS": new_key(),
            "CONNECTOR_REGION": name,
            "CONNECTOR_DATA_DIR": str(folder),
            "DATABASE_URL": databases.sqlite_url(folder / "connector.db"),
            "REDIS_URL": redis_url,
        }
        crm, clock = small_account(6), StillClock()
        crm.account = replace(crm.account, name=f"{_mark(name)} Ltd")
        people = crm.pages["people"][0]
        marked = tuple(replace(item, email=f"{_mark(name)}{item.email}") for item in people.records)
        crm.pages["people"][0] = replace(people, records=marked)
        built, woken = build(load(environ), clock=clock), list[tuple[str, UUID]]()

        def wake(queue: str, work_id: UUID) -> None:
            built.wake(queue, work_id)
            woken.append((queue, work_id))

        services = replace(built, apps={"fakecrm": FakeApp({"code-1": crm})}, lane=open_lane, wake=wake)
        made = World(services, clock, crm, woken)
        made.install()
        made.work(3)
        with services.store.reading() as session:
            account = connections.find_by_account(session, "fakecrm", "101")
        assert account
        site = sites.add(services, account.tenant_id, f"{_mark(name)} site", [ORIGIN]).site
        told = body(page(1, f"/{_mark(name)}"), identify(2, f"{_mark(name)}p1@firm.com"), visitor=f"{_mark(name)}-1")
        collecting.from_page(services, site, told, CHROME)
        yield made, account, site
        services.store.close()


def test_each_region_holds_its_own_and_no_foreign_byte(tmp_path: Path) -> None:
    """Side by side, by the same program and the same CRM: database, log and broker of each."""
    with ExitStack() as stack:
        for name in REGIONS:
            made, account, _ = stack.enter_context(region(tmp_path / name, name))
            with made.services.store.reading() as session:
                assert tenants.region_of(session, account.tenant_id) == name
        for name in REGIONS:
            held = b"".join(path.read_bytes() for path in (tmp_path / name).rglob("*") if path.is_file())
            assert {other: _mark(other).encode() in held for other in REGIONS} == {
                other: other == name for other in REGIONS
            }


def test_a_tenant_of_another_region_is_refused_with_a_sentence(tmp_path: Path) -> None:
    """By workers, the clock, commands, pages, webhooks and the sites' collector; no CRM is called."""
    with region(tmp_path / "eu", "eu") as (made, account, site):
        astray = replace(made.services, region="us")

        def called(operation: str) -> None:
            raise AssertionError(operation)

        made.crm.trouble = called
        with pytest.raises(ElsewhereError, match="belong to the region eu, and these processes serve us"):
            maintenance.require_tenant(astray, account.tenant_id)
        with pytest.raises(ElsewhereError):
            open_adapter(astray, account.id)
        maintenance.start_run(made.services, account.tenant_id, "refresh")
        carry_out(astray, made.woken[-1][1])
        with astray.store.reading() as session:
            told = session.execute(sa.select(runs.c.error)).scalars().all()
        assert any("belong to the region eu" in (error or "") for error in told)
        schedules.enter(astray)
        made.clock.at = made.clock.at.replace(year=made.clock.at.year + 1)
        assert not schedules.carry_out(astray, account.tenant_id, "nightly")
        with pytest.raises(ElsewhereError):
            webhooks.receive(astray, "fakecrm", Delivery("POST", "/", {"X-Fake-Signature": "good"}, b"101:1000"))
        with pytest.raises(ElsewhereError):
            collecting.from_page(astray, site, body(page(9), visitor="somebody"), CHROME)
        with astray.store.reading() as session:
            assert session.execute(sa.select(inbox)).all() == []
            assert session.execute(sa.select(sa.func.count()).select_from(tracked_events)).scalar() == 2
        client = create_app(astray, settings()).test_client()
        with astray.store.transaction(account.tenant_id) as session:
            user = users.add(session, account.tenant_id, "Ana", Role.OWNER, astray.clock.now())
            token = sessions.begin(astray, session, user, sessions.BY_CRM)
        with client.session_transaction(base_url=PUBLIC_URL) as cookie:
            cookie["sign_in"] = token
        answer = client.get("/leads", base_url=PUBLIC_URL)
        assert answer.status_code == 409
        assert "belong to the region eu" in answer.text
