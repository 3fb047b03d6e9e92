"""One filled product for all tests of this folder, and one Chromium."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser import product
from tests.browser.chrome import chromium
from tests.browser.filling import fill
from tests.browser.product import Product

CONTACTS = 500


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
