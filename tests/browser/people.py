"""Contexts of Chromium for people who are somebody here: signed in as a role, or not at all."""

from __future__ import annotations

from uuid import UUID

from playwright.sync_api import Browser, BrowserContext

from connector.records import Role
from connector.services.access import sessions
from connector.store import tenants, users
from connector.store.tenants import TenantSettings
from tests.browser.product import Product


def somebody(browser: Browser, product: Product, role: Role, tenant_id: UUID | None = None) -> BrowserContext:
    """A context of somebody who has just come into a tenant with a role (None: the product's own tenant)."""
    services, client = product.services, product.app.test_client()
    with services.store.transaction() as session:
        user = users.add(session, tenant_id or product.tenant_id, "Rita Alves", role, services.clock.now())
        token = sessions.begin(services, session, user, sessions.BY_CRM)
    with client.session_transaction(base_url=product.origin) as held:
        held["sign_in"], held["browser"] = token, str(user.id)
    name = product.app.config["SESSION_COOKIE_NAME"]
    cookie = client.get_cookie(name, domain="127.0.0.1")
    assert cookie
    context = browser.new_context()
    context.add_cookies([{"name": name, "value": cookie.value, "url": product.origin}])
    return context


def newcomer(product: Product) -> UUID:
    """A tenant of whom nothing was read yet."""
    with product.services.store.transaction() as session:
        return tenants.create(session, "Newcomer Ltd", TenantSettings(), product.services.clock.now())
