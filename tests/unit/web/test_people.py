"""Who is taken for one person, and the admin's word on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.records import Role
from connector.services.reports import joins
from connector.store import ledger, scores
from tests.databases import sqlite_store
from tests.unit.web.copying import copy_of
from tests.unit.web.site import Browser, Site, forms, site


@pytest.fixture(scope="module")
def joined(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The same people in two accounts of one organisation, scored. Read only."""
    store = sqlite_store(tmp_path_factory.mktemp("joined") / "web.db")
    made = site(store)
    browser = made.browser()
    page = browser.install("code-1")
    browser.come_back(state=browser.begin(page=page), code="code-2")
    made.world.work()
    yield made
    store.close()


@pytest.fixture
def twice(joined: Site, tmp_path: Path) -> Iterator[tuple[Site, Browser]]:
    """A copy of the organisation of one's own, and its owner's browser."""
    with copy_of(joined, tmp_path / "copy.db") as made:
        yield made, made.as_a(Role.OWNER, made.tenant_of("101"))


def test_a_person_in_two_accounts_is_one_lead_with_the_reason(twice: tuple[Site, Browser]) -> None:
    """Each person is listed once, with both records."""
    made, browser = twice
    text = browser.get("/people").text
    assert text.count("same e-mail address") == 60
    assert leads_scored(made) <= 30


def test_parting_and_joining_again_restores_the_former_state(twice: tuple[Site, Browser]) -> None:
    """A record set apart is a person of its own after the next run; taken back it is as before."""
    made, browser = twice
    before = actions(browser)
    assert browser.press("/people", before[0]).status_code == 302
    made.world.work()
    assert "set apart" in browser.get("/people").text
    together = next(action for action in actions(browser) if action.endswith("/together"))
    browser.press("/people", together)
    made.world.work()
    assert actions(browser) == before
    with made.world.services.store.reading() as session:
        assert ledger.verify(session, made.tenant_of("101")).broken_at is None


def test_who_has_one_account_sees_nobody_twice(scored: Site, alice: Browser) -> None:
    """The page says what would change that."""
    assert "Everybody has one record" in alice.get("/people").text


def test_people_are_listed_page_by_page(twice: tuple[Site, Browser], monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody once, whole, and no page holds more records than it may."""
    made, _ = twice
    services, tenant = made.world.services, made.tenant_of("101")
    whole = joins.joined_people(services, tenant).people
    monkeypatch.setattr(joins, "_SHOWN", 7)
    found, after = [], 0
    while True:
        page = joins.joined_people(services, tenant, after)
        assert sum(len(person.records) for person in page.people) <= 7
        found += page.people
        if page.following is None:
            break
        after = page.following
    assert tuple(found) == whole
    assert len(found) > 7


def test_the_next_page_is_a_link(twice: tuple[Site, Browser], monkeypatch: pytest.MonkeyPatch) -> None:
    """It leads on from the last person, and back to the top."""
    made, browser = twice
    monkeypatch.setattr(joins, "_SHOWN", 7)
    first = joins.joined_people(made.world.services, made.tenant_of("101"))
    assert f"/people?after={first.following}" in browser.get("/people").text
    assert "To the top" in browser.get(f"/people?after={first.following}").text
    assert "That was everybody" in browser.get("/people?after=987654321").text
    assert browser.get("/people?after=x").status_code == 404


def actions(browser: Browser) -> list[str]:
    """The buttons of the page."""
    return [action for action in forms(browser.get("/people").text) if action.startswith("/people/")]


def leads_scored(made: Site) -> int:
    """How many leads have a score."""
    with made.world.services.store.reading() as session:
        return sum(scores.summary(session, made.tenant_of("101")).values())
