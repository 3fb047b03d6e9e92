"""The pages KPIs and Digest: empty, filled, by role; and what their forms do."""

from __future__ import annotations

import io

from connector.records import Role, Tier
from connector.services import schedules
from connector.services.digest import addresses
from connector.services.kpis import making
from connector.store import spend
from tests.services.kpis.history import DAY, History
from tests.unit.web.site import Site
from tests.world import NOW


def _filled(site: Site) -> History:
    """Leads with scores whose time is over, of the tenant of account 101."""
    connection = site.connection("101")
    made = History(site.world.services, site.world.clock, connection.tenant_id, connection.id)
    made.score([made.lead(NOW - 90 * DAY)], NOW - 130 * DAY, Tier.LOW)
    for tier, wins in ((Tier.HIGH_INTENT, 12), (Tier.LOW, 2)):
        leads = [made.lead(NOW - 130 * DAY) for _ in range(40)]
        made.score(leads, NOW - 120 * DAY, tier)
        for lead in leads[:wins]:
            made.win(lead, NOW - 100 * DAY, "10.00")
    made.score([made.lead(NOW - 90 * DAY) for _ in range(7)], NOW - 10 * DAY, Tier.HIGH_INTENT)
    return made


def test_before_the_first_figures_the_page_says_when_they_come(fresh: Site) -> None:
    browser = fresh.signed_in()
    page = browser.get("/kpis").text
    assert "No figures yet" in page
    assert "Nothing was entered yet" in page
    assert "There are no figures yet" in browser.get("/digest").text


def test_figures_are_shown_with_what_is_behind_them_and_drawn(fresh: Site) -> None:
    """Two charts, each figure with its leads, and the sentence where they are too few."""
    browser = fresh.signed_in()
    made = _filled(fresh)
    making.make(made.services, made.tenant_id)
    page = browser.get("/kpis").text
    assert page.count("<svg") == 3  # the brand's, and two charts
    assert "30 % (95 % interval 18 % to 45 %)" in page
    assert "Too few to say" in page
    assert "A plain before/after. It proves nothing" in page
    assert "CONVERSION BY TIER" in browser.get("/digest").text


def test_figures_are_counted_anew_when_somebody_asks(fresh: Site) -> None:
    """By the next sweep, not while the page waits."""
    browser = fresh.signed_in()
    schedules.enter(fresh.world.services)
    browser.press("/kpis", "/kpis/make")
    assert (fresh.tenant_of("101"), "kpis") in schedules.due(fresh.world.services)


def test_a_file_of_spend_is_taken_line_by_line(fresh: Site) -> None:
    """And the page names what was not."""
    browser = fresh.signed_in()
    sheet = b"month,channel,amount,currency\n2026-01,<b>Ads</b>,10.50,EUR\n2026-01,Fair,much,EUR\n"
    answer = browser.press("/kpis", "/kpis/spend", file=(io.BytesIO(sheet), "spend.csv"))  # type: ignore[arg-type]
    assert answer.status_code == 302
    page = browser.get("/kpis").text
    assert "1 line taken. 1 not taken. Line 3: the amount must be a number" in page
    assert "&lt;b&gt;Ads&lt;/b&gt;" in page
    with fresh.world.services.store.reading() as session:
        assert len(spend.of_tenant(session, fresh.tenant_of("101"))) == 1
    browser.press("/kpis", "/kpis/spend", file=(io.BytesIO(b""), "spend.csv"))  # type: ignore[arg-type]
    assert "must name the columns" in browser.get("/kpis").text


def test_an_owner_puts_addresses_on_the_list_and_takes_them_off(fresh: Site) -> None:
    """What is wrong is said; whose it is is shown; nobody else sees the page."""
    browser = fresh.signed_in()
    browser.press("/digest", "/digest", address="ana@alpha.example")
    browser.press("/digest", "/digest", address="ana@")
    page = browser.get("/digest").text
    assert "This is no e-mail address" in page
    assert "ana@alpha.example" in page
    assert "no mail server yet" in page
    (found,) = addresses.overview(fresh.world.services, fresh.tenant_of("101"))
    browser.press("/digest", f"/digest/{found.recipient.id}/remove")
    assert "ana@alpha.example" not in browser.get("/digest").text
    for typed in ({"kind": "pigeon"}, {"user": "nobody"}):
        browser.press("/digest", "/digest", address="ana@alpha.example", **typed)
        assert "from the lists" in browser.get("/digest").text
    admin = fresh.as_a(Role.ADMIN, fresh.tenant_of("101"))
    assert admin.get("/digest").status_code == 403
    assert "/digest" not in admin.get("/kpis").text


def test_a_viewer_sees_figures_and_no_forms(fresh: Site) -> None:
    fresh.signed_in()
    viewer = fresh.as_a(Role.VIEWER, fresh.tenant_of("101"))
    page = viewer.get("/kpis").text
    assert "/kpis/make" not in page
    assert "/kpis/spend" not in page
