"""From the start page to a score in each CRM, by clicking alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from connector.demo.readback import read_back
from tests.browser.chrome import watched
from tests.browser.product import CRMS, Product, connect


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
        page.get_by_role("button", name="Sign out").click()
        assert page.get_by_role("button", name="Sign out").count() == 0
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
