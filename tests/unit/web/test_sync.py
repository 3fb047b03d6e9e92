"""Sync health of all accounts, and the banner where one needs somebody."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from connector.records import Role
from connector.services import usage
from connector.services.privacy import leaving
from connector.services.reports.sync import sync_page
from connector.store import connections
from connector.store.connections import Health
from connector.store.outbox import OutboxStatus
from connector.store.tables import inbox, outbox
from tests.unit.web.site import Site

BANNER = "nothing is read or written there"


def _tenant(site: Site) -> UUID:
    return site.tenant_of("101")


def test_ages_backlog_and_requests_of_an_account(live: Site) -> None:
    """What was read to its end and when, what waits, what was refused, and how much was asked of the CRM."""
    services, tenant = live.world.services, _tenant(live)
    with services.store.transaction() as session:
        some = list(session.execute(sa.select(outbox.c.record_id).limit(4)).scalars())
        dead = {"status": OutboxStatus.DEAD, "message": "No such field."}
        session.execute(sa.update(outbox).where(outbox.c.record_id.in_(some[:3])).values(dead))
        session.execute(sa.update(outbox).where(outbox.c.record_id == some[3]).values(status=OutboxStatus.PENDING))
        account = connections.of_tenant(session, tenant)[0].id
        row = {"connection_id": account, "dedupe_key": "a", "tenant_id": tenant, "kind": "changed", "subject": "1"}
        session.execute(
            sa.insert(inbox), row | {"occurred_at": live.world.clock.at, "received_at": live.world.clock.at}
        )
    services.meter.add(tenant, f"{usage.CALLS}fakecrm", 12)
    usage.keep(services)
    live.world.clock.at += timedelta(hours=2)
    (one,) = sync_page(services, tenant).accounts
    assert (one.backlog.dead, one.backlog.values, one.backlog.hints) == (3, 1, 1)
    assert one.requests[0] == 12
    assert one.oldest
    assert one.oldest >= timedelta(hours=2)
    text = live.as_a(Role.ADMIN, tenant).get("/sync").text
    for part in ("No such field.", "3 refused", "everything within the last 2 h", "Try all again"):
        assert part in text
    assert "Try all again" not in live.as_a(Role.VIEWER, tenant).get("/sync").text
    assert BANNER not in text


def test_every_page_says_that_an_account_needs_somebody(live: Site) -> None:
    """Until it is mended; not of one that was left on purpose, and not to who is not signed in."""
    services, tenant = live.world.services, _tenant(live)
    viewer, account = live.as_a(Role.VIEWER, tenant), live.connection("101").id
    for health, word in ((Health.DISCONNECTED, "Connect it again"), (Health.NEEDS_ADMIN, "See why")):
        with services.store.transaction() as session:
            connections.set_health(session, account, health, "It was uninstalled.")
        for page in ("/leads", "/model", "/settings", "/sync", "/leads/999999"):
            text = viewer.get(page).text
            assert BANNER in text
            assert word in text
        assert "It was uninstalled." in viewer.get("/sync").text
        assert BANNER not in live.browser().get("/").text
    with services.store.transaction() as session:
        connections.set_health(session, account, Health.ACTIVE)
    assert BANNER not in viewer.get("/leads").text
    assert leaving.leave(services, tenant, account, "Ana", clear=False)
    assert BANNER not in viewer.get("/leads").text
    assert "disconnected by you" in viewer.get("/sync").text
