"""The admin's way from the first run to written scores: each page is opened, and what it offers is pressed."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from connector.demo.browser import Browser
from connector.services.context import Services
from connector.services.setup import steps
from connector.services.setup.steps import Setup, Step
from connector.store import connections

_PRESSED: Mapping[Step, tuple[str, str]] = {
    Step.FIRST_RUN: ("/readiness", "/setup"),
    Step.GOAL: ("/goal", "/goal/set"),
    Step.FOUND: ("/lookback", "/setup"),
    Step.WRITTEN: ("/publication", "/setup"),
}
"""Step → its page, and the address of the form on it."""
_GO = "/publication/go"


def untouched(services: Services, tenant_id: UUID) -> bool:
    """Whether nobody has gone on after the first run; who has decides the rest too."""
    return steps.setup(services, tenant_id).present is Step.FIRST_RUN


def walk(services: Services, tenant_id: UUID, browser: Browser, origin: str) -> None:
    """Go through the steps that wait, and let the scores of every account be written.

    Raises ``InstallFailed`` for a page that does not offer the next step.
    """
    for step, (page, form) in _PRESSED.items():
        if not _done(steps.setup(services, tenant_id), step):
            browser.press(origin + page, form)
    with services.store.reading(tenant_id) as session:
        accounts = [account.id for account in connections.of_tenant(session, tenant_id)]
    for account in accounts:
        browser.press(origin + _GO, f"/{account}/approve")


def _done(setup: Setup, step: Step) -> bool:
    return any(one.step is step and one.done for one in setup.steps)
