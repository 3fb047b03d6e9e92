"""The page Publication and what stands of it on the pages of accounts and leads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

from connector.app import create_app
from connector.records import Listener, Role, WriteOutcome, WriteResult
from connector.services import verification
from connector.store import connections, tenants
from connector.store.outbox import OutboxStatus
from connector.store.tables import outbox
from tests.databases import sqlite_store
from tests.services.delivering import Desk, desk
from tests.unit.web.site import PUBLIC_URL, Browser, Site, settings

PAGE = "/publication"


@dataclass
class Pages:
    """A desk, and the browser of its tenant's admin."""

    at: Desk
    browser: Browser

    @property
    def account(self) -> str:
        """The page of the account."""
        return f"/connections/{self.at.connection_id}"

    def press(self, what: str, **typed: str) -> str:
        """Press a button of the page about the account; return the page that follows."""
        self.browser.press(PAGE, f"{PAGE}/{self.at.connection_id}/{what}", **typed)
        self.at.world.work()
        return self.browser.get(PAGE).text


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    """An account whose first scores wait for approval."""
    store = sqlite_store(tmp_path / "web.db")
    at = desk(store, delivery="approve")
    browser = Site(at.world, create_app(at.world.services, settings())).as_a(Role.ADMIN, at.tenant_id)
    at.world.crm.listening = [Listener("Call them", "workflow", True, ("lead_score",), "https://fake.example/w/1")]
    at.queue("80.0", 1, tier="High-Intent")
    at.queue("10.0", 2, 3)
    at.run()
    yield Pages(at, browser)
    store.close()


def test_an_approval_ends_where_it_was_given(pages: Pages) -> None:
    """On the page Go the other accounts may wait as well; on the page Publication one sees what was said."""
    approve, withdraw = (f"{PAGE}/{pages.at.connection_id}/{what}" for what in ("approve", "withdraw"))
    assert pages.browser.press(f"{PAGE}/go", approve).location == f"{PAGE}/go"
    assert pages.browser.press(PAGE, withdraw).location == PAGE
    assert pages.browser.press(PAGE, approve).location == PAGE


def test_what_would_be_written_stands_there_before_it_is(pages: Pages) -> None:
    """Counts by tier, examples, what is touched, what listens, what to look at by oneself."""
    with pages.at.world.services.store.transaction() as session:
        connections.save_field_names(session, pages.at.connection_id, {"lead_score": "Lead_Score"})
    text = pages.browser.get(PAGE).text
    assert "waits for your approval" in text
    assert "With your approval 3 records get their score." in text
    assert "3 examples" in text
    assert "p1@x.com" in text
    assert "A write moves the record&#39;s last change." in text
    assert "<code>Lead_Score</code> gets the score</li>" in text
    assert '<a href="https://fake.example/w/1" rel="noreferrer">Call them</a>' in text
    assert "Look at the machines that start by a score." in text
    assert pages.at.held() == {}


def test_an_approval_to_a_number_of_records_is_followed_by_the_release_of_the_rest(pages: Pages) -> None:
    """Each by a button."""
    text = pages.press("approve", first_records="2")
    assert len(pages.at.held()) == 2
    assert "Scores are kept to the first 2 records." in text
    text = pages.press("release")
    assert len(pages.at.held()) == 3
    assert "Approved" in text
    assert "waits for your approval" in pages.press("withdraw")


def test_what_is_on_its_way_is_not_told_as_written(pages: Pages) -> None:
    """A CRM may take long to answer: until then nobody is told that all is there."""
    pages.press("approve")
    assert "No score waits to be written." in pages.browser.get(PAGE).text
    assert "3 records hold a score" in pages.browser.get(f"{PAGE}/go").text
    with pages.at.world.services.store.transaction() as session:
        session.execute(sa.update(outbox).where(outbox.c.record_id > 1).values(status=OutboxStatus.SENDING))
    text = pages.browser.get(PAGE).text
    assert "3 records written so far, 2 of them on their way" in text
    assert "The last scores are on their way." in text
    assert "No score waits to be written." not in text
    assert "1 record holds a score, 2 on the way" in pages.browser.get(f"{PAGE}/go").text


def test_a_number_that_is_none_approves_nothing(pages: Pages) -> None:
    """The page says what was expected."""
    pages.browser.press(PAGE, f"{PAGE}/{pages.at.connection_id}/approve", first_records="some")
    assert "must be a whole number above zero" in pages.browser.get(PAGE).text
    assert pages.at.held() == {}


def test_settings_are_shown_as_they_are_and_saved(pages: Pages) -> None:
    """Typed with thousands parted, too."""
    assert 'value="approve" checked' in pages.browser.get(PAGE).text
    pages.browser.press(
        PAGE, f"{PAGE}/settings", delivery="dry-run", overwritten="respect", first_records="", nightly_cap="1,500"
    )
    text = pages.browser.get(PAGE).text
    assert 'value="dry-run" checked' in text
    assert 'value="1500"' in text
    with pages.at.world.services.store.reading() as session:
        kept = tenants.get(session, pages.at.tenant_id).settings
    assert (kept.delivery, kept.overwritten, kept.first_records, kept.nightly_cap) == ("dry-run", "respect", None, 1500)


def test_listeners_are_looked_for_again_by_a_button(pages: Pages) -> None:
    """Also where the CRM then does not let us."""
    pages.at.world.crm.listening = None
    assert "is not supported by" in pages.press("listeners")


def test_a_refused_record_is_tried_again_alone_or_with_all(pages: Pages) -> None:
    """With the CRM's words, since when, and how often."""
    crm = pages.at.world.crm
    crm.refused = {str(n): WriteResult(str(n), WriteOutcome.NEEDS_ADMIN, f"Rule {n} says no.") for n in (1, 2)}
    pages.press("approve")
    text = pages.browser.get(pages.account).text
    assert "2 records were refused by Fake CRM" in text
    assert "Rule 1 says no." in text
    crm.refused = {}
    action = f"{pages.account}/dead-letters"
    pages.browser.press(pages.account, action, record="1")
    pages.at.world.work()
    assert set(pages.at.held()) == {"1", "3"}
    pages.browser.press(pages.account, action)
    pages.at.world.work()
    assert set(pages.at.held()) == {"1", "2", "3"}
    assert pages.browser.press(pages.account, f"{pages.account}/options").status_code == 302


def test_an_overwritten_score_is_shown_with_its_lead_and_reset(pages: Pages) -> None:
    """And the sample that found it, with its numbers."""
    pages.press("approve")
    pages.at.set(overwritten="respect")
    pages.at.world.crm.held["1"]["lead_score"] = "99"
    verification.verify_sample(pages.at.world.services, pages.at.connection_id)
    assert "2 of 3 random records read back equal on" in pages.browser.get(PAGE).text
    pages.at.run()
    text = pages.browser.get(pages.account).text
    assert "1 score was overwritten by somebody in Fake CRM" in text
    assert "1 held another value" in text
    lead = pages.browser.get("/leads/1").text
    assert "Somebody overwrote this score in Fake CRM" in lead
    assert "Overwritten by somebody in CRM record 1: left as it is" in lead
    pages.browser.press("/leads/1", f"{pages.account}/overwritten")
    pages.at.world.work()
    assert pages.at.held()["1"] == "80.0"
    assert "Somebody overwrote" not in pages.browser.get("/leads/1").text


def test_a_restored_score_is_counted(pages: Pages) -> None:
    """Also after newer scores; a respected one that the admin took back is not."""
    pages.press("approve")
    pages.at.world.crm.held["1"]["lead_score"] = "99"
    verification.verify_sample(pages.at.world.services, pages.at.connection_id)
    pages.at.run()
    pages.at.world.clock.sleep(60)
    pages.at.queue("70.0", 1, tier="High-Intent")
    pages.at.run()
    assert pages.at.held()["1"] == "70.0"
    assert "1 score was overwritten by somebody in Fake CRM and written again." in pages.browser.get(pages.account).text


def test_a_stranger_changes_nothing(pages: Pages) -> None:
    """Without a session there is no page, and no button does anything."""
    stranger = Browser(pages.browser.client.application.test_client())
    assert stranger.get(PAGE).status_code == 302
    answer = stranger.client.post(f"{PAGE}/{pages.at.connection_id}/approve", base_url=PUBLIC_URL)
    assert answer.status_code in (302, 400)
    pages.at.run()
    assert pages.at.held() == {}
