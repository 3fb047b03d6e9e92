"""From the start page to a score in each CRM, by clicking alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from connector.demo.readback import read_back
from connector.services.opening import called
from tests.browser.chrome import watched
from tests.browser.product import CRMS, Product, connect

HELD = {"hubspot": "lead_score", "salesforce": "Lead_Score__c", "mailchimp": "LEADSCORE"}
"""CRM → the field that holds the score."""


@pytest.mark.parametrize("crm", CRMS)
def test_an_admin_connects_it_by_its_own_consent_page(installed: Product, crm: str) -> None:
    """The CRM's page is the CRM's own and asks for what we declare; the way ends on the page of the account."""
    consent, asked = installed.consents[crm], installed.services.apps[crm].capabilities
    assert consent.asked_at.startswith(installed.stack.sandboxes[crm].origin)
    assert [scope for scope in (*asked.scopes, *asked.optional_scopes) if scope not in consent.asked.split()] == []
    assert consent.ended == installed.account(crm).account_name


def test_the_first_run_tells_its_progress_by_itself(installed: Product) -> None:
    """The open page came to the end of the run without being loaded again."""
    assert installed.live


@pytest.mark.parametrize("crm", CRMS)
def test_what_was_approved_is_in_the_crm(installed: Product, crm: str) -> None:
    """Before the approval nothing was written; after it every score is there, as the CRM's own API tells."""
    assert installed.proposed.count("Nothing has been written yet") == len(CRMS)
    held = read_back(installed.services, installed.account(crm).id)
    assert held.verified == held.written > 0
    assert f"{held.written:,} records written so far" in installed.written[crm]


@pytest.mark.parametrize("crm", CRMS)
def test_the_first_high_intent_lead_is_seen_inside_the_crm(browser: Browser, installed: Product, crm: str) -> None:
    """From the end of the journey by clicking: the lead on top of the list, and the CRM's own page of its record."""
    account, sandbox = installed.account(crm), installed.stack.sandboxes[crm].origin
    context = browser.new_context(storage_state=installed.signed_in)
    with watched(context, installed.origin, abroad=[sandbox]) as (page, watch):
        page.goto(f"{installed.origin}/publication/go")
        page.get_by_role("link", name="See the High-Intent leads").click()
        page.get_by_text("Filter and sort").click()
        page.get_by_label("Known to").select_option(label=called(installed.services, account))
        page.get_by_role("button", name="Show").click()
        page.wait_for_url(lambda url: str(account.id) in url)
        page.locator("table tbody tr a").first.click()
        name, score = page.get_by_role("heading", level=1).inner_text(), float(page.locator(".big").inner_text())
        # The first one of several: a person may be in two audiences.
        page.get_by_role("link", name=f"Open in {installed.services.apps[crm].capabilities.label}").first.click()
        page.wait_for_url(f"{sandbox}/**")
        assert page.get_by_role("heading", level=1).inner_text() == name
        assert "High-Intent" in page.locator("main").inner_text()
        held = page.locator(f"dl > div:has(code:text-is('{HELD[crm]}')) dd").inner_text().split()[0]
        if crm == "mailchimp":
            # It holds whole points of the score, of which our page shows tenths: 88.52 is 88.5 here and 89 there.
            assert held.isdigit()
            assert abs(int(held) - score) <= 0.55
        else:
            # Salesforce shows as many decimals as its field has.
            assert held == (f"{score:.3f}" if crm == "salesforce" else f"{score:g}")
        if crm == "hubspot":
            assert "such leads convert" in page.get_by_label("Card of the app").inner_text()
        assert watch.complaints == []
    context.close()


def test_nothing_went_wrong_on_the_way(installed: Product) -> None:
    """No error in the console, no request to somebody who is no CRM, no failed request."""
    assert installed.complaints == []


@pytest.mark.parametrize("crm", CRMS)
def test_the_same_button_signs_in(browser: Browser, installed: Product, crm: str) -> None:
    """In a browser that was never here: through the consent page into the same organisation, with its leads."""
    context = browser.new_context()
    with watched(context, installed.origin, abroad=[installed.stack.sandboxes[crm].origin]) as (page, watch):
        page.goto(f"{installed.origin}/leads")
        assert page.get_by_role("button", name="Sign out").count() == 0
        assert connect(page, installed.origin, crm).ended == installed.account(crm).account_name
        page.goto(f"{installed.origin}/leads")
        assert page.locator("table tbody tr").count() > 10
        button = page.get_by_role("button", name="Sign out")
        button.click()
        button.wait_for(state="detached")
        assert watch.complaints == []
    context.close()


@pytest.mark.parametrize("crm", CRMS)
def test_who_refuses_is_told_what_that_means(browser: Browser, installed: Product, crm: str) -> None:
    """Back on a page of ours with a sentence, and not signed in."""
    context = browser.new_context()
    with watched(context, installed.origin, abroad=[installed.stack.sandboxes[crm].origin]) as (page, _):
        refused = connect(page, installed.origin, crm, answer="Deny")
        assert refused.ended != installed.account(crm).account_name
        assert page.locator("main p").first.inner_text()
        assert page.get_by_role("button", name="Sign out").count() == 0
    context.close()
