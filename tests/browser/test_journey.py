"""From the start page to a score in each CRM, by clicking alone."""

from __future__ import annotations

import pytest

from connector.demo.readback import read_back
from tests.browser.product import CRMS, Product


@pytest.mark.parametrize("crm", CRMS)
def test_an_admin_connects_it_by_its_own_consent_page(installed: Product, crm: str) -> None:
    """The CRM's page is the CRM's own; the way ends on the page of the account."""
    consent = installed.consents[crm]
    assert consent.asked_at.startswith(installed.stack.sandboxes[crm].origin)
    assert consent.account == installed.account(crm).account_name


def test_the_first_run_tells_its_progress_by_itself(installed: Product) -> None:
    """The open page came to the end of the run without being loaded again."""
    assert installed.live


@pytest.mark.parametrize("crm", CRMS)
def test_what_was_approved_is_in_the_crm(installed: Product, crm: str) -> None:
    """Before the approval nothing was written; after it every score is there, as the CRM's own API tells."""
    held = read_back(installed.services, installed.account(crm).id)
    assert held.verified == held.written > 0


def test_nothing_went_wrong_on_the_way(installed: Product) -> None:
    """No error in the console, no request to somebody who is no CRM, no failed request."""
    assert installed.complaints == []
