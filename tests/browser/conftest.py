"""One filled product for all tests of this folder, and one Chromium."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.browser import product
from tests.browser.chrome import chromium
from tests.browser.filling import fill, leads_of_all_kinds
from tests.browser.product import Product

CONTACTS = 400


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, without a window."""
    with chromium() as started:
        yield started


@pytest.fixture(scope="session")
def installed(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The product after an admin went through the whole journey, its pages filled."""
    with product.running(tmp_path_factory.mktemp("product"), CONTACTS) as stack:
        context = browser.new_context()
        made = product.journey(stack, stack.start(), context, complexity="interpretable")
        context.close()
        fill(made.services, made.tenant_id)
        yield made


@pytest.fixture(scope="session")
def paths(browser: Browser, installed: Product) -> list[str]:
    """The addresses of all pages of the tenant: those of the map of routes, and leads of every kind."""
    context = browser.new_context(storage_state=installed.signed_in)
    found = [path for _, path in installed.addresses() if _is_page(context, installed.origin + path)]
    context.close()
    leads = [f"/leads/{lead}" for lead in leads_of_all_kinds(installed.services, installed.tenant_id)]
    return list(dict.fromkeys([*found, *leads]))


def _is_page(context: BrowserContext, address: str) -> bool:
    """Whether an address answers with a page to be shown, not with a part of one or a file to keep."""
    answer = context.request.get(address)
    kept = "attachment" in answer.headers.get("content-disposition", "")
    if kept or not answer.headers.get("content-type", "").startswith("text/html"):
        return False
    return answer.text().lstrip().lower().startswith("<!doctype")
