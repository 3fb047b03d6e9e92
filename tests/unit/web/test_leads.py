"""The table of leads and the page of one lead."""

from __future__ import annotations

import itertools
import json
import math
import re
from dataclasses import replace
from decimal import Decimal

import pytest
import sqlalchemy as sa
from markupsafe import escape

from connector.records import FieldRole, Tier
from connector.services.reports.lead import LeadReport, lead_report
from connector.services.reports.lead_list import PAGE_SIZE, lead_page
from connector.services.views import Asked
from connector.store import connections, scores
from connector.store.connections import Health
from connector.store.tables import connections as connection_table
from connector.store.tables import fields, ledger_payloads, records
from connector.store.tables import leads as lead_table
from connector.web.charts import lead_waterfall
from connector.web.words import percent
from scoring.waterfall import REST, SHOWN
from tests.store.tampering import unguarded
from tests.unit.web.site import Browser, Site

ROW = re.compile(r'href="/leads/(\d+)"')
NEXT = re.compile(r'rel="next" href="([^"]+)"')


def best(site: Site) -> int:
    """The lead with the highest score."""
    return lead_page(site.world.services, site.tenant_of("101")).rows[0].lead_id


def report_of(site: Site, lead_id: int) -> LeadReport:
    found = lead_report(site.world.services, site.tenant_of("101"), lead_id)
    assert found
    return found


def name(site: Site, lead_id: int, person: dict[str, str]) -> None:
    """Give a lead's record a name in the fields that the account keeps names in."""
    with site.world.services.store.transaction() as session:
        account = connections.of_tenant(session, site.tenant_of("101"))[0]
        roles = {"first": FieldRole.FIRST_NAME, "last": FieldRole.LAST_NAME, "firm": FieldRole.COMPANY_NAME}
        known = set(session.execute(sa.select(fields.c.name)).scalars())
        for field, role in roles.items():
            if field not in known:
                row = {"connection_id": account.id, "tenant_id": account.tenant_id, "name": field, "label": field}
                flags = {"system": False, "own": False, "personal": True, "company": False}
                session.execute(sa.insert(fields), row | flags | {"type": "text", "role": role, "excludes": {}})
        session.execute(sa.update(records).where(records.c.lead_id == lead_id).values(properties=person))


def walk(browser: Browser, path: str) -> list[list[int]]:
    """Follow the "next" links to the end; return the lead ids of each page."""
    pages = []
    following: str | None = path
    while following:
        text = browser.get(following).text
        pages.append([int(found) for found in ROW.findall(text)])
        found = NEXT.search(text)
        following = found[1].replace("&amp;", "&") if found else None
    return pages


def test_paging_shows_every_scored_lead_once_highest_first(scored: Site, alice: Browser) -> None:
    """Pages of 50 that neither miss nor repeat a lead, in the order of the scores."""
    pages = walk(alice, "/leads")
    seen = [lead for page in pages for lead in page]
    with scored.world.services.store.reading() as session:
        expected = scores.summary(session, scored.tenant_of("101"))
        points = [scores.of_lead(session, scored.tenant_of("101"), lead) for lead in seen]
    assert len(seen) == len(set(seen)) == sum(expected.values()) > PAGE_SIZE
    assert all(len(page) == PAGE_SIZE for page in pages[:-1])
    held = [row.score for row in points if row]
    assert held == sorted(held, reverse=True)


@pytest.mark.parametrize("tier", list(Tier))
def test_the_filter_shows_one_tier(scored: Site, alice: Browser, tier: Tier) -> None:
    """As many leads as the count on the tab says, none of another tier."""
    seen = [lead for page in walk(alice, f"/leads?tier={tier}") for lead in page]
    with scored.world.services.store.reading() as session:
        tiers = scores.tiers(session, scored.tenant_of("101"))
    assert {tiers[lead] for lead in seen} == {tier.value}
    assert len(seen) == list(tiers.values()).count(tier)


@pytest.mark.parametrize("query", ["tier=Lukewarm", "after=abc", "after=50", "after=NaN~x", "after=1~2~3"])
def test_an_address_that_means_nothing_is_not_there(alice: Browser, query: str) -> None:
    """A tier or a place in the list that can't be read answers 404, not the first page."""
    assert alice.get(f"/leads?{query}").status_code == 404


def test_a_row_tells_chance_and_reasons_in_words(scored: Site, alice: Browser) -> None:
    """The best lead's row holds its score, its tier, its chance and what speaks for it."""
    row = lead_page(scored.world.services, scored.tenant_of("101")).rows[0]
    text = alice.get("/leads").text
    assert f"{row.score:.1f}" in text
    assert "about " in text
    assert row.reasons
    assert all(reason in text for reason in row.reasons)


def test_names_are_shown_as_text_never_as_markup(scored: Site, alice: Browser) -> None:
    """A lead called <script> is shown as written, on both pages."""
    lead = best(scored)
    name(scored, lead, {"first": "<script>alert(1)</script>", "last": '"Quote"', "firm": "R&D <b>Ltd</b>"})
    for path in ("/leads", f"/leads/{lead}"):
        text = alice.get(path).text
        assert "<script>alert" not in text
        assert "<b>" not in text
        assert "&lt;script&gt;alert(1)&lt;/script&gt; &#34;Quote&#34;" in text
        assert "R&amp;D &lt;b&gt;Ltd&lt;/b&gt;" in text


def test_a_lead_without_a_name_goes_by_its_address(scored: Site, alice: Browser) -> None:
    """Where no field tells a name, the e-mail address stands for it."""
    lead = lead_page(scored.world.services, scored.tenant_of("101")).rows[1].lead_id
    person = report_of(scored, lead).person
    assert person.name == person.email
    assert person.name in alice.get(f"/leads/{lead}").text


def test_the_parts_of_a_score_add_up(scored: Site) -> None:
    """Starting point, reasons and the rest make the log-odds of the stated chance."""
    for row in lead_page(scored.world.services, scored.tenant_of("101")).rows:
        card = report_of(scored, row.lead_id).score
        assert card
        total = card.base + sum(part.log_odds for part in card.contributions) + card.other
        assert total == pytest.approx(math.log(card.probability / (1 - card.probability)), abs=0.006)


def test_the_page_of_a_lead_shows_score_reasons_events_and_record(scored: Site, alice: Browser) -> None:
    """The picture has a bar for each reason; events are sentences; the ledger tells score and delivery."""
    lead = best(scored)
    report = report_of(scored, lead)
    assert report.score
    text = alice.get(f"/leads/{lead}").text
    assert f"{report.score.score:.1f}" in text
    assert report.score.details
    drawn = min(len(report.score.details.concepts), SHOWN) + text.count(REST)
    assert text.count('class="rising"') + text.count('class="falling"') >= drawn - 2
    assert all(escape(part.sentence) in text for part in report.score.contributions)
    assert all(escape(part.evidence) in text for part in report.score.contributions if part.evidence)
    assert report.score.details.low is not None
    assert percent(report.score.details.low) in text
    alone = alice.get(f"/leads/{lead}/waterfall.svg")
    assert alone.mimetype == "image/svg+xml"
    assert alone.text in text
    assert "Clicked a link in an e-mail" in text
    assert f"by {report.score.model} (first run)" in text
    assert "Sent to CRM record" in text
    assert f'href="https://fake.example/records/{report.records[0].vendor_id}"' in text


def test_the_expected_value_is_shown_where_amounts_are_known(scored: Site, alice: Browser) -> None:
    """In whole units of its currency; without amounts the page says nothing of it."""
    lead = lead_page(scored.world.services, scored.tenant_of("101")).rows[4].lead_id
    assert "Expected value" not in alice.get(f"/leads/{lead}").text
    seq = max(entry.seq for entry in report_of(scored, lead).entries if entry.kind == "scored")
    with scored.world.services.store.transaction() as session:
        where = ledger_payloads.c.seq == seq
        body = session.execute(sa.select(ledger_payloads.c.body).where(where)).scalar_one()
        paid = {"expected": 123_456_00, "currency": "EUR"}
        unguarded(session).execute(
            sa.update(ledger_payloads).where(where).values(body=json.dumps(json.loads(body) | paid))
        )
    assert "Expected value 123,456 EUR" in alice.get(f"/leads/{lead}").text


def test_an_erased_entry_says_so(scored: Site, alice: Browser) -> None:
    """The chain keeps an entry whose content was deleted; the page shows that, not an error."""
    lead = lead_page(scored.world.services, scored.tenant_of("101")).rows[2].lead_id
    seqs = [entry.seq for entry in report_of(scored, lead).entries]
    with scored.world.services.store.transaction() as session:
        session.execute(sa.delete(ledger_payloads).where(ledger_payloads.c.seq.in_(seqs)))
    assert "has been erased" in alice.get(f"/leads/{lead}").text


def test_an_erased_score_still_has_a_picture(scored: Site) -> None:
    """Of its reasons and the rest, which the score's own row holds."""
    lead = lead_page(scored.world.services, scored.tenant_of("101")).rows[3].lead_id
    card = report_of(scored, lead).score
    assert card
    assert card.contributions[0].sentence[:30] in lead_waterfall(replace(card, details=None))


def test_a_lead_without_a_score_has_a_page(scored: Site, alice: Browser) -> None:
    """Customers and the disqualified are leads too: their page says that they are not scored."""
    with scored.world.services.store.reading() as session:
        unscored = sa.select(lead_table.c.id).where(
            ~lead_table.c.id.in_(scores.tiers(session, scored.tenant_of("101")))
        )
        lead = session.execute(unscored.limit(1)).scalar_one()
    answer = alice.get(f"/leads/{lead}")
    assert answer.status_code == 200
    assert "No score" in answer.text
    assert alice.get(f"/leads/{lead}/waterfall.svg").status_code == 404


def test_a_disconnected_account_has_no_link(scored: Site, alice: Browser) -> None:
    """The record is still named; only the way there is gone."""
    with scored.world.services.store.transaction() as session:
        account = connections.of_tenant(session, scored.tenant_of("101"))[0].id
        connections.set_health(session, account, Health.DISCONNECTED)
    text = alice.get(f"/leads/{best(scored)}").text
    with scored.world.services.store.transaction() as session:
        session.execute(sa.update(connection_table).values(status=Health.ACTIVE))
    assert "(account disconnected)" in text
    assert "https://fake.example/records/" not in text


def test_no_such_lead(alice: Browser) -> None:
    """An unknown id answers 404 with a page."""
    answer = alice.get("/leads/999999")
    assert answer.status_code == 404
    assert "There is no such page" in answer.text


def test_keyset_pages_hold_when_leads_share_a_score(scored: Site) -> None:
    """The page after (score, lead) begins with the next lead of the same score, if there is one."""
    tenant, services = scored.tenant_of("101"), scored.world.services
    rows = lead_page(services, tenant, Asked(tier=Tier.LOW)).rows
    for here, following in itertools.pairwise(rows):
        after = (Decimal(here.score), here.lead_id)
        assert lead_page(services, tenant, Asked(tier=Tier.LOW), after=after).rows[0].lead_id == following.lead_id
