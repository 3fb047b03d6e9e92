"""Through the line's own stages: visits join where records appear, and an erasure that the CRM confirms takes them."""

from __future__ import annotations

import sqlalchemy as sa

from connector.records import WebhookHint
from connector.services.tracking import sites
from connector.store import inbox
from connector.store.session import Store
from connector.store.tables import records
from tests.services.tracking.visits import BEN, ORIGIN, Visits, identify, page
from tests.world import small_account, world


def test_visits_join_and_go_by_what_the_stages_read(store: Store) -> None:
    """Two strangers say who they are before their records are read; one asks the CRM to be forgotten."""
    line = world(store)
    crm = small_account(60)
    line.services.apps["fakecrm"].accounts["code-1"] = crm  # type: ignore[attr-defined]
    installed = line.install()
    site = sites.add(line.services, installed.tenant_id, "Shop", [ORIGIN])
    made = Visits(line, installed.tenant_id, installed.connection_id, site.site, site.secret)
    made.send(page(1, "/a"), identify(2, "P1@firm1.com"))
    made.send(page(3, "/b"), identify(4, "p2@firm2.com"), visitor=BEN)
    assert made.told() == []
    line.work(3)
    # The CRM's own events have no detail.
    assert [(who, what) for who, what, *_ in made.told() if what] == [("p1@firm1.com", "/a"), ("p2@firm2.com", "/b")]

    crm.gone.add("1001")
    forgotten = [WebhookHint("101", "gone", "privacy", "1001", line.clock.now(), erased=True)]
    with store.transaction() as session:
        inbox.keep(session, made.tenant_id, made.crm_id, forgotten, line.clock.now())
    line.woken.clear()
    line.clock.sleep(60)
    made.send(page(5, "/c"), visitor=BEN)
    assert len(line.woken) == 1
    line.work(3)
    with store.reading() as session:
        assert session.execute(sa.select(records.c.id).where(records.c.vendor_id == "1001")).first() is None
    assert [row.detail for row in made.stored()] == ["/b", "/c"]
