"""Alice sees her organisation, never Bob's; who is not signed in sees neither."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

import pytest
import sqlalchemy as sa

from connector.records import Role
from connector.services.access import inviting
from connector.services.tracking import sites
from connector.store import ledger, scores, tenants, users
from connector.store.tables import leads, records
from connector.store.tenants import TenantSettings
from tests.unit.web.site import PUBLIC_URL, Browser, Site

PUBLIC = {
    "static",
    "health.healthz",
    "health.readyz",
    "metrics.metrics",
    "connect.start_page",
    "connect.sign_out",
    "oauth.start",
    "oauth.callback",
    "join.show",
    "join.accept",
    "webhooks.receive",
    "webhooks.answer",
    "collecting.script",
    "collecting.preflight",
    "collecting.events",
    "collecting.server",
}
"""Routes that need no session."""


@dataclass(frozen=True)
class Owned:
    """A tenant's route. ``of``: the ids in its address, of an object of the tenant with this account."""

    method: str
    of: Callable[[Site, str], dict[str, object]]


def _nothing(site: Site, account: str) -> dict[str, object]:
    return {}


def _connection(site: Site, account: str) -> dict[str, object]:
    browser = site.signed_in({"101": "code-1", "202": "code-2"}[account])
    return {"connection_id": browser.get("/").location.rpartition("/")[2]}


def _lead(site: Site, account: str) -> dict[str, object]:
    with site.world.services.store.reading() as session:
        query = sa.select(leads.c.id).where(leads.c.tenant_id == site.tenant_of(account)).limit(1)
        return {"lead_id": session.execute(query).scalar_one()}


def _score(site: Site, account: str) -> dict[str, object]:
    lead, tenant = _lead(site, account), site.tenant_of(account)
    with site.world.services.store.transaction() as session:
        entry = ledger.Entry("scored", int(str(lead["lead_id"])), {})
        return lead | {"seq": ledger.append(session, tenant, [entry], site.world.clock.now())}


def _scored(site: Site, account: str) -> dict[str, object]:
    lead = int(str(_lead(site, account)["lead_id"]))
    row = {"lead_id": lead, "tenant_id": site.tenant_of(account), "run_id": UUID(int=1), "model": "m"}
    row |= {"score": Decimal(50), "probability": Decimal("0.5"), "tier": "Low", "reasons": [], "base_value": "0.0"}
    now = site.world.clock.now()
    with site.world.services.store.transaction() as session:
        scores.save(session, [row | {"inputs_hash": "0", "as_of": now, "scored_at": now}])
    return {"lead_id": lead}


def _record(site: Site, account: str) -> dict[str, object]:
    with site.world.services.store.reading() as session:
        query = sa.select(records.c.id).where(records.c.connection_id == site.connection(account).id).limit(1)
        return {"record_id": session.execute(query).scalar_one()}


def _tracked_site(site: Site, account: str) -> dict[str, object]:
    made = sites.add(site.world.services, site.tenant_of(account), "Shop", ["https://shop.example.com"])
    return {"site_id": made.site.id}


def _invitation(site: Site, account: str) -> dict[str, object]:
    made, _ = inviting.invite_as_operator(site.world.services, site.tenant_of(account), "Eve", Role.VIEWER)
    return {"invitation_id": made.id}


def _user(site: Site, account: str) -> dict[str, object]:
    with site.world.services.store.transaction() as session:
        made = users.add(session, site.tenant_of(account), "Eve", Role.VIEWER, site.world.clock.now())
    return {"user_id": made.id}


OWNED = {
    "connections.show": Owned("GET", _connection),
    "connections.progress": Owned("GET", _connection),
    "connections.refresh": Owned("POST", _connection),
    "connections.retrain": Owned("POST", _connection),
    "connections.resume": Owned("POST", _connection),
    "connections.choose": Owned("POST", _connection),
    "connections.replay": Owned("POST", _connection),
    "connections.reset": Owned("POST", _connection),
    "leads.index": Owned("GET", _nothing),
    "leads.show": Owned("GET", _lead),
    "leads.changes": Owned("GET", _score),
    "leads.waterfall": Owned("GET", _scored),
    "model.show": Owned("GET", _nothing),
    "model.card": Owned("GET", _nothing),
    "model.card_html": Owned("GET", _nothing),
    "model.card_markdown": Owned("GET", _nothing),
    "people.index": Owned("GET", _nothing),
    "people.set_apart": Owned("POST", _record),
    "people.let_join": Owned("POST", _record),
    "publication.show": Owned("GET", _nothing),
    "publication.choose": Owned("POST", _nothing),
    "publication.approve": Owned("POST", _connection),
    "publication.release": Owned("POST", _connection),
    "publication.withdraw": Owned("POST", _connection),
    "publication.look": Owned("POST", _connection),
    "tracking.index": Owned("GET", _nothing),
    "tracking.add": Owned("POST", _nothing),
    "tracking.replace_secret": Owned("POST", _tracked_site),
    "tracking.change_origins": Owned("POST", _tracked_site),
    "access.index": Owned("GET", _nothing),
    "access.invite": Owned("POST", _nothing),
    "access.withdraw": Owned("POST", _invitation),
    "access.change": Owned("POST", _user),
    "access.remove": Owned("POST", _user),
}


@pytest.fixture
def both(fresh: Site) -> Site:
    """Alice's organisation has account 101, Bob's 202; leads were read from both."""
    fresh.app.config["WTF_CSRF_ENABLED"] = False  # what is tested here lies behind it
    for code in ("code-1", "code-2"):
        fresh.signed_in(code)
    for _ in range(6):
        fresh.world.work(1)
    return fresh


def call(site: Site, browser: Browser, endpoint: str, values: dict[str, object]) -> tuple[int, str, str]:
    """Ask for a route; return status, body and where it sends."""
    with site.app.test_request_context():
        path = site.app.url_for(endpoint, **values)
    answer = browser.client.open(path, method=OWNED[endpoint].method, base_url=PUBLIC_URL)
    return answer.status_code, answer.text, answer.headers.get("Location", "")


def test_every_route_has_a_rule(fresh: Site) -> None:
    """A new route must be put on one of the lists above before it can be merged."""
    routes = {rule.endpoint for rule in fresh.app.url_map.iter_rules()}
    assert routes == PUBLIC | set(OWNED)


@pytest.mark.parametrize("endpoint", sorted(OWNED))
def test_without_a_session_there_is_only_the_start_page(both: Site, endpoint: str) -> None:
    """Signed out, every page of a tenant sends to the start page and changes nothing."""
    values = OWNED[endpoint].of(both, "101")
    before = len(both.world.woken)
    status, body, location = call(both, both.browser(), endpoint, values)
    assert (status, location) == (302, "/")
    assert "Alpha" not in body
    assert len(both.world.woken) == before


@pytest.mark.parametrize("endpoint", sorted(name for name, rule in OWNED.items() if rule.of is not _nothing))
def test_what_belongs_to_another_tenant_is_not_there(both: Site, endpoint: str) -> None:
    """Alice gets 404 for each of Bob's objects, Bob gets it as it is; hers it changes nothing."""
    values = OWNED[endpoint].of(both, "202")
    alice, bob = both.signed_in("code-1"), both.signed_in("code-2")
    before = len(both.world.woken)
    assert call(both, alice, endpoint, values)[0] == 404
    assert len(both.world.woken) == before
    assert call(both, bob, endpoint, values)[0] in (200, 302)


def test_lists_hold_only_what_is_ones_own(scored: Site) -> None:
    """A tenant without scores and without a model sees none, although another has both."""
    with scored.world.services.store.transaction() as session:
        empty = tenants.create(session, "Empty", TenantSettings(), scored.world.clock.now())
    browser = scored.as_a(Role.OWNER, empty)
    assert "No lead has a score yet" in browser.get("/leads").text
    assert "There is no model yet" in browser.get("/model").text
    for card in ("/model/card", "/model/card.html", "/model/card.md"):
        assert browser.get(card).status_code == 404
