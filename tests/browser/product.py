"""The product as its processes, the sandbox CRMs, and an admin who goes through the installation in a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from uuid import UUID

from flask import Flask
from playwright.sync_api import BrowserContext, Page, StorageState

from connector import web
from connector.demo.options import DemoOptions
from connector.demo.stack import Stack
from connector.services.context import Services
from connector.settings import load
from connector.store import connections, tenants
from connector.store.connections import CrmConnection
from tests.browser.chrome import Watch
from tests.browser.samples import addresses

PATIENCE_MS = 900_000
CRMS = ("hubspot", "salesforce", "mailchimp")
STEPS = (
    ("/readiness", "readiness", "Go on to the goal"),
    ("/goal", "goal", "Keep this goal"),
    ("/lookback", "lookback", "I have seen it, go on"),
    ("/publication", "publication", "I have seen it, go on"),
)
"""The pages between the first run and Go: path, name, and the button that leads on."""


@dataclass
class Consent:
    """What was seen on the way through a CRM: what its page said, where that was, and the heading of where it ended."""

    asked: str
    asked_at: str
    ended: str


@dataclass
class Product:
    """A running product with the journey of its admin, who is signed in by ``signed_in``."""

    stack: Stack
    services: Services
    tenant_id: UUID
    consents: dict[str, Consent]
    live: bool
    """Whether the page of the first run told its end without being loaded again."""
    proposed: str
    """What the page Publication said before anything was approved."""
    written: dict[str, str]
    """CRM → what that page said of its account after the approval."""
    signed_in: StorageState
    complaints: list[str] = field(default_factory=list)

    @cached_property
    def app(self) -> Flask:
        """The application, for its map of routes."""
        return web.build_app(self.services, load(self.stack.environ))

    @property
    def origin(self) -> str:
        """Where the pages are."""
        return self.stack.web

    def account(self, crm: str) -> CrmConnection:
        """The account that was connected."""
        with self.services.store.reading(self.tenant_id) as session:
            return next(one for one in connections.of_tenant(session, self.tenant_id) if one.vendor == crm)

    def addresses(self) -> Iterator[tuple[str, str]]:
        """(endpoint, path) of everything that can be asked for by GET."""
        return addresses(self.app, self.services, self.tenant_id)


def options(contacts: int) -> DemoOptions:
    """A made-up population, known in parts by all three CRMs."""
    return DemoOptions(once=True, data=None, mapping=None, report=None, keep=False, contacts=contacts, seed=7)


@contextmanager
def running(folder: Path, contacts: int) -> Iterator[Stack]:
    """Start everything but the worker; end everything whatever happens."""
    stack = Stack(options(contacts), folder)
    try:
        yield stack
    finally:
        stack.stop()


def journey(
    stack: Stack,
    services: Services,
    context: BrowserContext,
    complexity: str | None = None,
    read: Callable[[Page, str], None] = lambda _page, _name: None,
) -> Product:
    """Go from the start page to written scores as an admin does: by clicking, waiting and reading.

    ``complexity``: how far the models may go, None for as far as usual. ``read`` gets each page of the journey as its
    admin sees it, with its name.
    """
    page = context.new_page()
    watch = Watch(stack.web, abroad=tuple(crm.origin for crm in stack.sandboxes.values())).over(page)
    page.set_default_timeout(PATIENCE_MS)
    consents = {crm: connect(page, stack.web, crm) for crm in CRMS}
    with services.store.reading() as session:
        newest = connections.newest(session)
        tenant_id = newest.tenant_id
    if complexity:
        _limit(services, tenant_id, complexity)
    live = _first_run(page, stack, f"{stack.web}/connections/{newest.id}")
    read(page, "progress")
    proposed = _steps(page, stack.web, read)
    written = _publish(page, stack.web, services, tenant_id)
    signed_in = context.storage_state()
    page.close()
    return Product(stack, services, tenant_id, consents, live, proposed, written, signed_in, watch.complaints)


def connect(page: Page, origin: str, crm: str, answer: str = "Allow") -> Consent:
    """Press a CRM's button on the first page that has it, answer on the vendor's page, and come back."""
    page.goto(origin)
    page.locator(f"form[action$='/oauth/{crm}/start']").first.get_by_role("button").click()
    page.wait_for_url(lambda url: not url.startswith(origin))
    asked, asked_at = page.locator("body").inner_text(), page.url
    page.get_by_role("button", name=answer).click()
    page.wait_for_url(lambda url: url.startswith(origin))
    return Consent(asked, asked_at, page.get_by_role("heading", level=1).inner_text())


def _limit(services: Services, tenant_id: UUID, complexity: str) -> None:
    with services.store.transaction(tenant_id) as session:
        settings = tenants.get(session, tenant_id).settings
        tenants.save_settings(session, tenant_id, replace(settings, complexity=complexity))


def _first_run(page: Page, stack: Stack, address: str) -> bool:
    """Watch the first run on the page of an account, which is never loaded again."""
    page.goto(address)
    page.evaluate("window.sameDocument = true")
    stack.start_worker()
    page.locator("#progress [data-status]", has_text="stages are done").wait_for()
    return bool(page.evaluate("window.sameDocument === true"))


def _steps(page: Page, origin: str, read: Callable[[Page, str], None]) -> str:
    """Go on from the first run, page by page, to the one with the last button; return what would be written."""
    page.get_by_role("link", name="Go on").click()
    proposed = ""
    for path, name, button in STEPS:
        page.wait_for_url(f"{origin}{path}")
        read(page, name)
        proposed = page.locator("main").inner_text()
        page.get_by_role("button", name=button).click()
    page.wait_for_url(f"{origin}/publication/go")
    read(page, "go")
    return proposed


def _publish(page: Page, origin: str, services: Services, tenant_id: UUID) -> dict[str, str]:
    """Press Go account by account, and wait until the CRMs have the scores."""
    with services.store.reading(tenant_id) as session:
        accounts = {str(item.id): item.vendor for item in connections.of_tenant(session, tenant_id)}
    written = {}
    for account in accounts:
        # It ends on the same page: by its address nobody could tell that the answer is there.
        with page.expect_navigation(url=f"{origin}/publication/go"):
            page.locator(f"form[action*='{account}/approve'] button").click()
    for account, crm in accounts.items():
        written[crm] = _until_written(page, f"{origin}/publication", account)
    return written


def _until_written(page: Page, address: str, account: str) -> str:
    card = page.locator(f".card:has(a[href$='/connections/{account}'])")
    for _ in range(PATIENCE_MS // 500):
        page.goto(address)
        text = card.first.inner_text()
        if "No score waits to be written" in text:
            return text
        page.wait_for_timeout(500)
    raise AssertionError(f"The scores of {account} were not written: {text}")
