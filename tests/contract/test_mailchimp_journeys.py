"""The opt-in to a nurture journey: one call for each entry into the band, never two."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connector.adapters.mailchimp.journeys import AUDIENCE, JOURNEY
from connector.adapters.mailchimp.tagging import HOLD
from connector.records import Tier, WriteOutcome
from connector.sandbox.faults import Fault, FaultKind
from connector.sandbox.mailchimp import changes
from tests.contract.mailchimp_filled import DAY, MANY, Filled
from tests.contract.mailchimp_world import MailchimpWorld

HOT = Tier.HIGH_INTENT
PATH = "/customer-journeys/journeys/7/steps/12/actions/trigger"
BOTH_WAYS = pytest.mark.parametrize("people", [3, MANY], ids=["one by one", "by jobs"])


@pytest.fixture
def world() -> Iterator[MailchimpWorld]:
    """An account whose admin has opted in; the journey is that of the first of its two audiences."""
    made = MailchimpWorld()
    made.options = {JOURNEY: f"https://us19.api.mailchimp.com/3.0{PATH}", AUDIENCE: made.main.list_id}
    yield made
    made.stop()


def everybody(filled: Filled) -> list[str]:
    return [member.email for member in filled.people]


@BOTH_WAYS
def test_nobody_is_added_unless_the_admin_opted_in(world: MailchimpWorld, people: int) -> None:
    """Off by default: no call at all."""
    world.options = {}
    filled = Filled(world, people)
    assert set(filled.write(HOT)) == {WriteOutcome.WRITTEN}
    assert filled.asked("POST", "/customer-journeys/") == 0
    assert filled.flows("journey") == []


@BOTH_WAYS
def test_each_entry_into_the_band_is_one_call(world: MailchimpWorld, people: int) -> None:
    """Staying is none; leaving and coming back is another."""
    filled = Filled(world, people)
    assert set(filled.write(HOT)) == {WriteOutcome.WRITTEN}
    assert sorted(filled.flows("journey")) == sorted(everybody(filled))
    filled.write(HOT, score="81")
    assert len(filled.flows("journey")) == people
    filled.write(Tier.LOW, score="20")
    filled.write(HOT, score="82")
    assert sorted(filled.flows("journey")) == sorted(everybody(filled) * 2)


@BOTH_WAYS
def test_the_first_publication_of_an_old_audience_adds_nobody(world: MailchimpWorld, people: int) -> None:
    """Nor does a later score of those who were in the band from the beginning."""
    filled = Filled(world, people)
    segment = world.main.tag("High-Intent")
    assert segment is not None
    segment.created_ms = world.hub.now_ms()
    filled.write(HOT)
    assert all(filled.tagged())
    world.clock.sleep(2 * DAY)
    filled.write(HOT, score="81")
    assert filled.flows("journey") == []


@BOTH_WAYS
def test_only_subscribed_contacts_are_added(world: MailchimpWorld, people: int) -> None:
    """Who subscribes later enters when their lead enters the band the next time."""
    filled = Filled(world, people)
    changes.set_status(world.hub, filled.people[0], "unsubscribed")
    filled.write(HOT)
    changes.set_status(world.hub, filled.people[0], "subscribed")
    filled.write(HOT, score="81")
    assert sorted(filled.flows("journey")) == sorted(everybody(filled)[1:])


@BOTH_WAYS
def test_a_crash_after_the_call_adds_nobody_twice(world: MailchimpWorld, people: int) -> None:
    """Nothing of the first write was kept; that the tag is there tells that its contact had its turn."""
    filled = Filled(world, people)
    filled.write(HOT)
    filled.marks.clear()
    assert set(filled.write(HOT, score="81")) == {WriteOutcome.WRITTEN}
    assert len(filled.flows("journey")) == people


@BOTH_WAYS
@pytest.mark.parametrize("kind", [FaultKind.DROP, FaultKind.SERVER_ERROR])
def test_a_call_without_an_answer_is_not_repeated(world: MailchimpWorld, people: int, kind: FaultKind) -> None:
    """It may have arrived: that somebody may be missing in the journey is said instead."""
    filled = Filled(world, people)
    jobs_before = 2 if people == MANY else 0
    path, skip = ("/3.0/batches", jobs_before) if jobs_before else (PATH, 0)
    fault = Fault(kind, path=path, method="POST", skip=skip, times=1, status=503)
    world.sandbox.stage.faults.replace_all([fault])
    results = filled.write(HOT)
    assert "Perhaps not added" in filled.messages[0]
    sent = len(filled.flows("journey"))
    filled.write(HOT, score="81")
    assert len(filled.flows("journey")) == sent
    assert filled.asked("POST", "/batches" if jobs_before else PATH) <= 4
    assert results[0] is WriteOutcome.WRITTEN


@BOTH_WAYS
@pytest.mark.parametrize("wrong", ["off", "unknown"])
def test_a_journey_that_takes_nobody_is_said(world: MailchimpWorld, people: int, wrong: str) -> None:
    """Scores and tags are written all the same."""
    if wrong == "off":
        next(iter(world.hub.journeys.values())).turned_on = False
    else:
        world.hub.journeys.clear()
    filled = Filled(world, people)
    assert set(filled.write(HOT)) == {WriteOutcome.WRITTEN}
    assert all(message.startswith("Not added to the nurture journey: ") for message in filled.messages)
    assert all(filled.tagged())


def test_another_audiences_contacts_are_not_added(world: MailchimpWorld) -> None:
    """The same person may be in both: they are added once."""
    filled = Filled(world, 2)
    filled.people += [world.add_member(member.email, world.second) for member in filled.people]
    assert set(filled.write(HOT)) == {WriteOutcome.WRITTEN}
    assert filled.flows("journey") == everybody(filled)[:2]
    assert filled.messages == [""] * 4


def test_with_several_audiences_the_admin_must_name_one(world: MailchimpWorld) -> None:
    """Else a person of two audiences would be added twice."""
    world.options = {JOURNEY: PATH}
    filled = Filled(world, 2)
    filled.write(HOT)
    assert filled.flows("journey") == []
    assert all("which audience" in message for message in filled.messages)
    del world.hub.audiences[world.second.list_id]
    filled.write(Tier.LOW, score="20")
    filled.write(HOT)
    assert filled.flows("journey") == everybody(filled)


def test_a_hold_that_ends_is_no_entry(world: MailchimpWorld) -> None:
    """The lead was in the band all the time."""
    filled = Filled(world, 2)
    filled.write(HOT)
    filled.untag(0)
    filled.write(HOT, score="81")
    world.clock.sleep(HOLD.total_seconds())
    filled.write(HOT, score="82")
    assert all(filled.tagged())
    assert len(filled.flows("journey")) == 2
