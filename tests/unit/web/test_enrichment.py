"""The page Enrichment: off until turned on, keys never shown, files told line by line, facts with their source."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from connector.adapters.enrichment.calls import Door
from connector.adapters.enrichment.registry import Providers
from connector.app import create_app
from connector.services.enrichment import files
from connector.store import enrichment
from connector.store.enrichment import Source
from tests import databases
from tests.unit.web.site import PUBLIC_URL, Browser, Site, forms, settings, site

ORIGIN = "http://facts.internal:8080"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Site]:
    """Pages of a tenant whose leads were read; the operator allows one provider of their own network."""
    store = databases.sqlite_store(tmp_path / "web.db")
    made = site(store, people=5)
    made.world.services = replace(made.world.services, providers=Providers(Door([ORIGIN])))
    made.app = create_app(made.world.services, settings())
    yield made
    store.close()


@pytest.fixture
def browser(shop: Site) -> Browser:
    """Signed in, leads joined."""
    made = shop.signed_in()
    shop.world.work(3)
    return made


def held(shop: Site) -> dict[str, Source]:
    """The tenant's sources."""
    with shop.world.services.store.reading() as session:
        return {source.name: source for source in enrichment.of_tenant(session, shop.tenant_of("101"))}


def send(browser: Browser, content: bytes, mapping: str = "") -> TestResponse:
    """Choose a file on the page and press the button."""
    token = forms(browser.get("/enrichment").text)["/enrichment/files"]["csrf_token"]
    data = {"csrf_token": token, "mapping": mapping, "file": (io.BytesIO(content), "facts.csv")}
    return browser.client.post(
        "/enrichment/files", data=data, base_url=PUBLIC_URL, headers={"Referer": PUBLIC_URL + "/enrichment"}
    )


def test_everything_is_off_at_first(shop: Site, browser: Browser) -> None:
    """Nothing is asked and no file is taken before somebody turned it on."""
    text = browser.get("/enrichment").text
    assert text.count(">off<") == 3
    assert "/enrichment/files" not in forms(text)
    assert held(shop) == {}


def test_a_provider_is_turned_on_with_its_key_which_is_never_shown(shop: Site, browser: Browser) -> None:
    """The key is sealed; the limits are what was typed; turning off keeps, deleting does not."""
    answer = browser.press(
        "/enrichment", "/enrichment/on", source="pdl", key="se-cret", daily="20", monthly="", fresh_days=""
    )
    assert answer.status_code == 302
    source = held(shop)["pdl"]
    assert (source.enabled, source.daily_limit, source.monthly_limit, source.fresh_days) == (True, 20, 10_000, 180)
    text = browser.get("/enrichment").text
    assert "se-cret" not in text
    assert "Employees <span" in text
    browser.press("/enrichment", "/enrichment/off", source="pdl")
    assert not held(shop)["pdl"].enabled
    browser.press("/enrichment", "/enrichment/forget", source="pdl")
    assert held(shop) == {}


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"source": "pdl"}, "needs a key"),
        ({"source": "pdl", "key": "k", "daily": "0"}, "The questions a day"),
        ({"source": "pdl", "key": "k", "daily": "x"}, "The questions a day"),
        ({"source": "pdl", "key": "k", "monthly": "2000000"}, "from 1 to 1,000,000"),
        ({"source": "else"}, "There is no source"),
        ({"source": "http", "label": "F", "url": f"{ORIGIN}/x", "mapping": "employees = a"}, "holds {domain} once"),
        (
            {"source": "http", "label": "F", "url": "https://127.0.0.1/{domain}", "mapping": "employees = a"},
            "private network",
        ),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_kept(
    shop: Site, browser: Browser, typed: dict[str, str], words: str
) -> None:
    browser.press("/enrichment", "/enrichment/on", **typed)
    assert words in browser.get("/enrichment").text
    assert held(shop) == {}


def test_another_provider_is_described_and_stays_as_it_was_typed(shop: Site, browser: Browser) -> None:
    """What was typed stands in the form again, but for the key."""
    browser.press(
        "/enrichment",
        "/enrichment/on",
        source="http",
        label="Facts <Ltd>",
        url=ORIGIN + "/v1/{domain}",
        header="X-Api-Key",
        key="se-cret",
        mapping="employees = firm.size\nheat:number = signals.0",
    )
    assert held(shop)["http"].enabled
    text = browser.get("/enrichment").text
    assert "Facts &lt;Ltd&gt;" in text
    assert "heat:number = signals.0" in text
    assert "se-cret" not in text


def test_a_file_is_taken_and_its_facts_stand_on_the_leads_page_with_their_source(shop: Site, browser: Browser) -> None:
    """Refused lines are told; a value that tries to be markup is text."""
    browser.press("/enrichment", "/enrichment/on", source="upload")
    answer = send(
        browser, b"domain,employees,industry,as of\nfirm1.com,120,<b>retail</b>,2026-01-31\nfirm2.com,many,,\n"
    )
    assert "<strong>1</strong> lines taken, 2 values new or changed" in answer.text
    assert "is no number such as 1250" in answer.text
    lead = next(page.text for number in range(1, 6) if "p1@firm1.com" in (page := browser.get(f"/leads/{number}")).text)
    assert "your files" in lead
    assert "&lt;b&gt;retail&lt;/b&gt;" in lead
    assert "31 Jan 2026" in lead
    assert "when it was got" not in lead


def test_large_files_are_taken_up_to_a_limit_and_other_forms_stay_small(shop: Site, browser: Browser) -> None:
    """A file may be larger than other forms; nothing may be any size."""
    browser.press("/enrichment", "/enrichment/on", source="upload")
    lines = b"domain,employees\nfirm1.com,120\n" + b"\n" * 2_000_000
    assert send(browser, lines).status_code == 200
    assert send(browser, b"x" * (files.LARGEST + 200_000)).status_code == 413
    assert browser.press("/enrichment", "/enrichment/on", source="pdl", key="k" * 1_100_000).status_code == 413


def test_a_file_that_is_none_is_refused_in_a_sentence(browser: Browser) -> None:
    browser.press("/enrichment", "/enrichment/on", source="upload")
    for content, words in ((b"", "Choose a file"), (b"a,b\n1,2\n", "No column holds the company")):
        assert send(browser, content).status_code == 302
        assert words in browser.get("/enrichment").text
