"""Every page of the application, found by its map of routes: at three widths, in both themes, in Chromium."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from playwright.sync_api import Browser

from connector.records import Role
from connector.services.access import inviting
from connector.store import recipients
from tests.browser.people import newcomer, somebody
from tests.browser.product import Product
from tests.browser.walk import MOST_BYTES, MOST_MS, Seen, walk

Pages = dict[str, Seen]


@pytest.fixture(scope="session")
def owners(browser: Browser, installed: Product, paths: list[str]) -> Pages:
    """All pages of the tenant."""
    return walk(browser.new_context(storage_state=installed.signed_in), installed.origin, paths)


@pytest.fixture(scope="session")
def others(browser: Browser, installed: Product, paths: list[str]) -> Pages:
    """What somebody sees who is not signed in, may not see a page, has no data yet, or comes by a link."""
    services, tenant = installed.services, installed.tenant_id
    invitation = inviting.invite_as_operator(services, tenant, "Eva Reis", Role.VIEWER)[1]
    with services.store.reading(tenant) as session:
        recipient = recipients.of_tenant(session, tenant)[0]
    left = services.hooks.unsubscribe(tenant, recipient.id).removeprefix(installed.origin)
    seen = walk(browser.new_context(), installed.origin, ["/", f"/join/{invitation}", left, "/nowhere"])
    seen |= walk(somebody(browser, installed, Role.VIEWER), installed.origin, ["/settings/api-keys"])
    empty = somebody(browser, installed, Role.OWNER, newcomer(installed))
    # Lists alone: it has no things whose pages could be shown.
    lists = [path for path in paths if not any(part.isdigit() or len(part) == 36 for part in path.split("/"))]
    return seen | {f"{path} (empty)": one for path, one in walk(empty, installed.origin, lists).items()}


@pytest.fixture(scope="session")
def pages(owners: Pages, others: Pages) -> Pages:
    """Everything that was shown."""
    return owners | others


def _wrong(pages: Pages, what: str) -> dict[str, Sequence[str]]:
    return {path: found for path, seen in pages.items() if (found := getattr(seen, what))}


def test_every_page_of_the_navigation_was_shown(owners: Pages) -> None:
    """The walk found what people can come to, and all of it answered."""
    assert {"/leads", "/model", "/publication", "/access"} <= set(owners)
    assert len(owners) > 25
    assert {path: seen.status for path, seen in owners.items() if seen.status != 200} == {}


def test_those_who_may_not_are_told(others: Pages) -> None:
    """The pages of refusals were shown as what they are."""
    assert others["/settings/api-keys"].status == 403
    assert others["/nowhere"].status == 404
    assert {seen.status for path, seen in others.items() if path.endswith("(empty)")} <= {200, 404}


def test_nothing_is_wider_than_the_window(pages: Pages) -> None:
    """Nobody has to scroll a page sideways; what is wide scrolls by itself."""
    assert _wrong(pages, "wider") == {}


def test_nobody_is_shut_out(pages: Pages) -> None:
    """Axe finds no violation, at any width, in either theme."""
    assert _wrong(pages, "violations") == {}


def test_nothing_goes_wrong_unseen(pages: Pages) -> None:
    """No error or warning in the console, no dialog, no failed request, and nobody else was asked for anything."""
    assert _wrong(pages, "complaints") == {}


def test_pages_are_small(pages: Pages) -> None:
    """With all that they load, unpacked."""
    assert {path: seen.bytes for path, seen in pages.items() if seen.bytes > MOST_BYTES} == {}


def test_pages_are_quick(pages: Pages) -> None:
    """They can be used within a second of asking for them."""
    assert {path: seen.interactive_ms for path, seen in pages.items() if seen.interactive_ms > MOST_MS} == {}
