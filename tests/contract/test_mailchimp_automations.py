"""E-mails of classic automations: who opened, clicked, bounced and opted out, whenever it was sent to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from connector.adapters.mailchimp.streams import campaigns, report_parts
from connector.records import Cursor, EventKind, Grant, Page
from connector.sandbox.mailchimp import mailings
from connector.sandbox.mailchimp.records import Campaign, Member
from tests.contract.facts import Facts, pages_of
from tests.contract.mailchimp_world import MailchimpWorld

PEOPLE = 12
DAY = 86_400
NAME = "automations"


class Automated:
    """An account whose automation has sent its e-mail to some people, of whom each third opened and clicked."""

    def __init__(self, world: MailchimpWorld) -> None:
        self.world = world
        with world.sandbox.stage.lock:
            self.email: Campaign = mailings.automate(world.hub, world.main, "Welcome")
            self.people = [world.add_member(f"p{number}@example.com") for number in range(PEOPLE)]
            for number, member in enumerate(self.people):
                world.clock.sleep(60)
                mailings.receive(self.email, member)
                if number % 3 == 0:
                    self.act(member)
        world.clock.sleep(DAY)
        self.grant: Grant = world.install()

    def act(self, member: Member) -> None:
        """Let a recipient open the e-mail and click in it an hour later."""
        self.world.clock.sleep(3600)
        mailings.open_(self.world.hub, self.email, member)
        self.world.clock.sleep(60)
        mailings.click(self.world.hub, self.email, member)

    def read(self, cursor: Cursor | None = None) -> list[Page]:
        """Read the stream, from a cursor of its or from the beginning."""
        return list(pages_of(self.world.connect(self.grant), NAME, cursor))


@pytest.fixture
def automated(monkeypatch: pytest.MonkeyPatch) -> Iterator[Automated]:
    """Pages of five, so that few recipients make many of them."""
    for module in (campaigns, report_parts):
        monkeypatch.setattr(module, "PAGE", 5)
    monkeypatch.setattr(campaigns, "ASKED", 1)
    world = MailchimpWorld()
    yield Automated(world)
    world.stop()


def kinds(facts: Facts) -> Counter[str]:
    """Count events by their kind."""
    return Counter(event.kind for event in facts.events.values())


def test_what_recipients_did_is_read_and_no_sending(automated: Automated) -> None:
    """The reports do not tell when the e-mail was sent to each of them."""
    with automated.world.sandbox.stage.lock:
        mailings.bounce(automated.world.hub, automated.email, automated.people[1], hard=False)
        mailings.unsubscribe(automated.world.hub, automated.email, automated.people[2])
    facts = Facts().learn(automated.read())
    assert kinds(facts) == {
        EventKind.EMAIL_OPENED: 4,
        EventKind.EMAIL_CLICKED: 4,
        EventKind.EMAIL_BOUNCED: 1,
        EventKind.UNSUBSCRIBED: 1,
    }
    addresses = {member.email for member in automated.people}
    assert {event.email for event in facts.events.values()} <= addresses


def test_reading_resumes_from_every_page(automated: Automated) -> None:
    """Cut off after each page, it ends as an undisturbed one."""
    pages = automated.read()
    assert len(pages) > 2
    whole = Facts().learn(pages).events
    for done in range(1, len(pages)):
        rest = automated.read(pages[done - 1].cursor)
        assert Facts().learn([*pages[:done], *rest]).events == whole


def test_news_alone_is_read_later_however_old_the_email_is(automated: Automated) -> None:
    """Automations go on for years; without news an e-mail costs the question for its totals."""
    pages = automated.read()
    automated.world.clock.sleep(90 * DAY)
    with automated.world.sandbox.stage.lock:
        automated.act(automated.people[4])
    automated.world.clock.sleep(DAY)
    later = automated.read(pages[-1].cursor)
    found = Facts().learn(later)
    assert kinds(found) == {EventKind.EMAIL_OPENED: 1, EventKind.EMAIL_CLICKED: 1}
    automated.world.sandbox.stage.log.clear()
    assert not Facts().learn(automated.read(later[-1].cursor)).events
    assert len(automated.world.sandbox.stage.log.entries()) == 3


def test_campaigns_leave_them_alone(automated: Automated) -> None:
    """Their reports are in one list with those of campaigns, which would take the day it was made for each sending."""
    world, grant = automated.world, automated.grant
    first = list(pages_of(world.connect(grant), "campaigns"))
    with world.sandbox.stage.lock:
        automated.act(automated.people[5])
    later = list(pages_of(world.connect(grant), "campaigns", first[-1].cursor))
    assert not Facts().learn([*first, *later]).events


def test_an_account_without_automations_costs_one_question() -> None:
    """As nearly all accounts: Mailchimp lets nobody make new ones."""
    world = MailchimpWorld()
    grant = world.install()
    world.sandbox.stage.log.clear()
    assert not Facts().learn(pages_of(world.connect(grant), NAME)).events
    assert len(world.sandbox.stage.log.entries()) == 1
    world.stop()
