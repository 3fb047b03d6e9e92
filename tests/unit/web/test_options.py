"""What an admin turns on for an account: off by default, by a value that was looked at, on the record."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from connector.store.tables import ledger_payloads
from tests.unit.web.site import PUBLIC_URL, Browser, Site


@pytest.fixture
def browser(fresh: Site) -> Browser:
    """Signed in, the first run waiting."""
    return fresh.signed_in()


@pytest.fixture
def page(browser: Browser) -> str:
    """The address of the connection."""
    return browser.get("/").location


def stored(site: Site) -> dict[str, str]:
    """The options of account 101."""
    return dict(site.connection("101").options)


def test_an_option_is_explained_and_off(fresh: Site, browser: Browser, page: str) -> None:
    """What happens stands there before anything does."""
    text = browser.get(page).text
    assert "Everybody is greeted by it." in text
    assert "A short word." in text
    assert '<span class="badge">off</span>' in text
    assert stored(fresh) == {}


def test_a_value_turns_it_on_and_an_empty_one_off(fresh: Site, browser: Browser, page: str) -> None:
    """Adapters get it with the next work; each change is on the ledger."""
    browser.press(page, f"{page}/options", value=" hello ")
    assert stored(fresh) == {"greeting": "hello"}
    text = browser.get(page).text
    assert '<span class="badge">on</span>' in text
    assert 'value="hello"' in text
    fresh.world.work()
    assert fresh.world.crm.options == {"greeting": "hello"}
    browser.press(page, f"{page}/options", value="")
    assert stored(fresh) == {}
    with fresh.world.services.store.reading() as session:
        bodies = [json.loads(body) for body in session.execute(sa.select(ledger_payloads.c.body)).scalars()]
    told = [(body["option"], body["value"]) for body in bodies if body.get("action") == "set option"]
    assert told == [("greeting", "hello"), ("greeting", "")]


@pytest.mark.parametrize("value", ["x", "no spaces", "UPPER", "hello\n<script>"])
def test_a_value_that_cant_be_right_is_refused(fresh: Site, browser: Browser, page: str, value: str) -> None:
    """The sentence says what is wanted; nothing is stored, and what was typed is not repeated."""
    assert browser.press(page, f"{page}/options", value=value).location == page
    text = browser.get(page).text
    assert "Greeting: that value can&#39;t be right. Wanted is: A short word." in text
    assert "<script>" not in text
    assert stored(fresh) == {}


def test_an_option_that_is_none_of_the_crms_is_refused(fresh: Site, browser: Browser, page: str) -> None:
    """A form's hidden name may be anything."""
    browser.press(page, f"{page}/options", name="anything", value="hello")
    assert "has no such option" in browser.get(page).text
    assert stored(fresh) == {}


def test_without_the_forms_token_nothing_is_changed(fresh: Site, browser: Browser, page: str) -> None:
    """Another site can't turn anything on."""
    answer = browser.client.post(f"{page}/options", data={"name": "greeting", "value": "hello"}, base_url=PUBLIC_URL)
    assert answer.status_code == 400
    assert stored(fresh) == {}


def test_connecting_again_keeps_what_was_turned_on(fresh: Site, browser: Browser, page: str) -> None:
    """It is the account's, not the token's."""
    browser.press(page, f"{page}/options", value="hello")
    fresh.signed_in("code-1")
    assert stored(fresh) == {"greeting": "hello"}


def test_what_was_left_undone_is_listed(fresh: Site, browser: Browser, page: str) -> None:
    """With the record and the adapter's sentence."""
    assert "Left undone" not in browser.get(page).text
    people = [item.record_id for each in fresh.world.crm.pages["people"] for item in each.records]
    fresh.world.crm.marks = {item: {"since": "today"} for item in people}
    fresh.world.work()
    text = browser.get(page).text
    assert "Left undone at Fake CRM" in text
    assert "Left something undone." in text
