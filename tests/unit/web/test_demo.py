"""What the demo does in the name of nobody: it fills pages, and the record says whose doing it is."""

from __future__ import annotations

from connector.demo import using
from connector.records import Role
from connector.store import ledger, spend
from tests.unit.web.site import Site


def test_the_pages_are_filled_and_say_by_whom(live: Site) -> None:
    """Objectives, spend of whole months that are over, and thumbs; nothing is trained anew for it."""
    services, tenant = live.world.services, live.tenant_of("101")
    using.use(services, tenant)
    browser = live.as_a(Role.OWNER, tenant)
    assert "by the demo" in browser.get("/objectives").text
    assert "Not now, perhaps later" in browser.get("/feedback").text
    with services.store.reading(tenant) as session:
        entries = [dict(entry.body) for entry in ledger.span(session, tenant, "admin") if entry.body]
        spent = spend.of_tenant(session, tenant)
    made = [body for body in entries if body.get("by") == using.NAME]
    assert {"draft objectives", "sign objectives"} <= {body["action"] for body in made}
    assert {item.channel for item in spent} == set(using.SPEND)
    assert max(item.month for item in spent) == "2026-02"
    assert len({item.month for item in spent}) == 12
    assert live.world.woken == []
