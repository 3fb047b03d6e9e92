"""The companies by chance, one company with its leads, and the way there from a lead."""

from __future__ import annotations

import re

from connector.store import companies
from tests.unit.web.site import Browser, Site


def test_companies_are_listed_by_their_chance_page_by_page(scored: Site, alice: Browser) -> None:
    """All of them once, the likeliest first, each with its leads."""
    with scored.world.services.store.reading() as session:
        expected = companies.page(session, scored.tenant_of("101"), after=None, limit=500)
    assert len(expected) > 50
    seen: list[str] = []
    path: str | None = "/companies"
    while path:
        text = alice.get(path).text
        seen += re.findall(r'href="/companies/(\d+)"', text)
        following = re.search(r'rel="next" href="([^"]+)"', text)
        path = following.group(1).replace("&amp;", "&") if following else None
    assert seen == [str(row.id) for row in expected]
    assert f"{len(expected)} companies" in text


def test_a_company_shows_the_leads_that_it_is_made_of(scored: Site, alice: Browser) -> None:
    """And a lead's page leads to its company."""
    with scored.world.services.store.reading() as session:
        best = companies.page(session, scored.tenant_of("101"), after=None, limit=1)[0]
    text = alice.get(f"/companies/{best.id}").text
    assert best.company_key in text
    assert len(set(re.findall(r'href="/leads/(\d+)"', text))) == best.leads
    assert f'href="/companies/{best.id}"' in alice.get(f"/leads/{best.best_lead_id}").text


def test_places_that_are_none_are_not_there(alice: Browser) -> None:
    for path in ("/companies/999999", "/companies?after=x", "/companies?after=0.5~y"):
        assert alice.get(path).status_code == 404
