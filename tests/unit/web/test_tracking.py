"""The tracking page: sites are added, changed and given secrets; what arrives and what was refused is shown."""

from __future__ import annotations

import json
import re

import pytest
import sqlalchemy as sa

from connector.services.tracking import collecting
from connector.store import sites
from connector.store.sites import TrackedSite
from connector.store.tables import ledger_payloads
from tests.services.tracking.visits import CHROME, body, identify, page
from tests.unit.web.site import PUBLIC_URL, Browser, Site

ORIGIN = "https://www.alpha.example"


@pytest.fixture
def browser(fresh: Site) -> Browser:
    """Signed in, the first run waiting."""
    return fresh.signed_in()


def owned(fresh: Site) -> list[TrackedSite]:
    """The sites of account 101's tenant."""
    with fresh.world.services.store.reading() as session:
        return list(sites.of_tenant(session, fresh.tenant_of("101")))


def test_a_site_is_added_with_its_snippet_and_its_secret_is_shown_once(fresh: Site, browser: Browser) -> None:
    """The secret opens the servers' door; the page does not know it any more."""
    assert "Your first site" in browser.get("/tracking").text
    answer = browser.press(
        "/tracking", "/tracking/sites", name="Our <b>site</b>", origins=f"{ORIGIN}, http://localhost:8080"
    )
    (site,) = owned(fresh)
    assert site.origins == (ORIGIN, "http://localhost:8080")
    assert "Our &lt;b&gt;site" in answer.text
    assert f"{PUBLIC_URL}/t/{site.key}.js" in answer.text
    (secret,) = re.findall(r"lss_[\w-]+", answer.text)
    assert collecting.site_of_server(fresh.world.services, secret).id == site.id
    assert answer.headers["Cache-Control"] == "no-store"
    assert "lss_" not in browser.get("/tracking").text
    with fresh.world.services.store.reading() as session:
        assert secret not in str(session.execute(sa.text("SELECT * FROM sites")).all())


def test_what_can_not_be_a_site_is_refused_in_a_sentence(fresh: Site, browser: Browser) -> None:
    """Nothing is stored."""
    for name, origins in (("", ORIGIN), ("Shop", ""), ("Shop", "http://www.alpha.example"), ("Shop", "x")):
        browser.press("/tracking", "/tracking/sites", name=name, origins=origins)
        text = browser.get("/tracking").text
        assert "A site needs" in text or "An origin is" in text
    assert owned(fresh) == []


def test_a_new_secret_ends_the_former(fresh: Site, browser: Browser) -> None:
    """At once, and on the record."""
    first = browser.press("/tracking", "/tracking/sites", name="Shop", origins=ORIGIN).text
    (site,) = owned(fresh)
    second = browser.press("/tracking", f"/tracking/sites/{site.id}/secret").text
    old, new = (re.findall(r"lss_[\w-]+", text)[0] for text in (first, second))
    assert old != new
    assert collecting.site_of_server(fresh.world.services, new).id == site.id
    with pytest.raises(collecting.UnknownSite):
        collecting.site_of_server(fresh.world.services, old)
    with fresh.world.services.store.reading() as session:
        bodies = [json.loads(text) for text in session.execute(sa.select(ledger_payloads.c.body)).scalars()]
    acts = [body["action"] for body in bodies if body.get("site") == str(site.id)]
    assert acts == ["add site", "replace site secret"]


def test_origins_are_changed_and_a_wrong_one_changes_nothing(fresh: Site, browser: Browser) -> None:
    """Pages of the former ones may not send any more."""
    browser.press("/tracking", "/tracking/sites", name="Shop", origins=ORIGIN)
    (site,) = owned(fresh)
    browser.press("/tracking", f"/tracking/sites/{site.id}/origins", origins="https://new.alpha.example")
    assert owned(fresh)[0].origins == ("https://new.alpha.example",)
    browser.press("/tracking", f"/tracking/sites/{site.id}/origins", origins="everything")
    assert "An origin is" in browser.get("/tracking").text
    assert owned(fresh)[0].origins == ("https://new.alpha.example",)


def test_what_arrives_and_what_was_refused_is_shown(fresh: Site, browser: Browser) -> None:
    """People's and machines' by day, reasons with their number, on the tracking page; visits on the lead's."""
    fresh.world.work(3)
    browser.press("/tracking", "/tracking/sites", name="Shop", origins=ORIGIN)
    (site,) = owned(fresh)
    came = page(1, "/pricing", referrer="news.example", utm={"campaign": "spring"})
    services = fresh.world.services
    collecting.from_page(
        services, site, body(came, identify(2, "p3@firm3.com"), {"id": "x"}, visitor="visitor-1"), CHROME
    )
    collecting.from_page(services, site, body(page(3), page(4), visitor="visitor-2"), "Googlebot")
    text = browser.get("/tracking").text
    rows = re.findall(r'<time datetime="(\S+)">[^<]+</time></th><td class="num">(\d+)</td><td class="num">(\d+)', text)
    assert rows[:2] == [("2026-03-01", "1", "2"), ("2026-02-28", "0", "0")]
    assert len(rows) == 7
    assert "id must be 8 to 64" in text
    assert "last event" in text
    with services.store.reading() as session:
        lead = session.execute(sa.text("SELECT lead_id FROM records WHERE email = 'p3@firm3.com'")).scalar_one()
    page_of_lead = browser.get(f"/leads/{lead}").text
    assert "Visited /pricing" in page_of_lead
    assert "from news.example, campaign “spring”" in page_of_lead


def test_without_the_forms_token_nothing_is_added(fresh: Site, browser: Browser) -> None:
    """Another site can't register itself."""
    answer = browser.client.post("/tracking/sites", data={"name": "x", "origins": ORIGIN}, base_url=PUBLIC_URL)
    assert answer.status_code == 400
    assert owned(fresh) == []
