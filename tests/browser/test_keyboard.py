"""Every page by the keyboard alone: the skip link, a mark on what has the focus, and everything within reach."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.chrome import watched
from tests.browser.product import Product

MOST_STEPS = 600


def _steps(page: Page) -> list[tuple[str, bool]]:
    """Press Tab from the top to the end; return what had the focus, and whether that was to be seen."""
    found: list[tuple[str, bool]] = []
    for _ in range(MOST_STEPS):
        page.keyboard.press("Tab")
        focused = page.evaluate("probe.focused()")
        if focused is None or focused[0] in (found[:1] and found[0][0],):
            return found
        found.append((focused[0], focused[1]))
    return found


@pytest.fixture(scope="session")
def walked(browser: Browser, installed: Product, paths: list[str]) -> dict[str, list[str]]:
    """What the keyboard misses, page by page."""
    context = browser.new_context(storage_state=installed.signed_in)
    found: dict[str, list[str]] = {}
    for path in paths:
        with watched(context, installed.origin) as (page, _):
            page.goto(installed.origin + path)
            page.evaluate("probe.open()")
            steps = _steps(page)
            missed = set(page.evaluate("probe.reachable()")) - {name for name, _ in steps}
            unseen = {name for name, seen in steps if not seen}
            found[path] = [f"out of reach: {name}" for name in missed] + [f"not marked: {name}" for name in unseen]
    return found


def test_everything_is_within_reach_and_marked(walked: dict[str, list[str]]) -> None:
    """Links, buttons and fields of every page are stops of the Tab key, and each shows that it has the focus."""
    assert {path: wrong for path, wrong in walked.items() if wrong} == {}


def test_the_first_stop_skips_the_navigation(browser: Browser, installed: Product) -> None:
    """The skip link comes into sight, and leads to the first stop of the content."""
    context = browser.new_context(storage_state=installed.signed_in)
    with watched(context, installed.origin) as (page, _):
        page.goto(f"{installed.origin}/leads")
        link = page.get_by_role("link", name="Skip to the content")
        assert link.bounding_box() is None or link.bounding_box()["x"] < 0  # type: ignore[index]
        page.keyboard.press("Tab")
        assert link.bounding_box()["x"] >= 0  # type: ignore[index]
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.evaluate("document.querySelector('main').contains(document.activeElement)")
