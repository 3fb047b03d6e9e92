"""A tag that a person took away by hand: their word holds for thirty days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from connector.adapters.mailchimp.tagging import HOLD
from connector.records import Tier, WriteOutcome
from connector.sandbox.mailchimp import changes
from tests.contract.mailchimp_filled import DAY, MANY, Filled
from tests.contract.mailchimp_world import MailchimpWorld

HOT = Tier.HIGH_INTENT


@pytest.fixture
def world() -> Iterator[MailchimpWorld]:
    """An account with two empty audiences."""
    made = MailchimpWorld()
    yield made
    made.stop()


@pytest.fixture(params=[3, MANY], ids=["one by one", "by jobs"])
def filled(world: MailchimpWorld, request: pytest.FixtureRequest) -> Filled:
    """People who are all High-Intent and have the tag; it was taken from the first one by hand."""
    made = Filled(world, request.param)
    made.write(HOT)
    assert made.tagged() == [True] * request.param
    made.untag(0)
    return made


def wait_for_end_of_hold(filled: Filled) -> None:
    filled.world.clock.sleep(HOLD.total_seconds())


def test_it_is_left_off_and_said(filled: Filled) -> None:
    """The score is written all the same; the sentence names the day."""
    filled.world.clock.sleep(DAY)
    until = filled.world.clock.now() + timedelta(days=30)
    assert set(filled.write(HOT, score="81")) == {WriteOutcome.WRITTEN}
    assert filled.tagged() == [False] + [True] * (len(filled.people) - 1)
    assert filled.scores() == [81] * len(filled.people)
    assert f"not given again before {until:%Y-%m-%d}" in filled.messages[0]
    assert not any(filled.messages[1:])
    filled.write(HOT, score="82")
    assert not filled.tagged()[0]


def test_after_thirty_days_it_is_given_again(filled: Filled) -> None:
    """Counted from when it was seen, at the next write."""
    filled.write(HOT, score="81")
    filled.world.clock.sleep(HOLD.total_seconds() - DAY)
    filled.write(HOT, score="82")
    assert not filled.tagged()[0]
    filled.world.clock.sleep(DAY)
    filled.write(HOT, score="83")
    assert all(filled.tagged())
    assert not filled.messages[0]


def test_who_leaves_the_band_and_enters_it_again_is_tagged_again(filled: Filled) -> None:
    """That is news, which the person who took the tag did not speak of."""
    filled.write(HOT, score="81")
    filled.write(Tier.LOW, score="20")
    filled.write(HOT, score="83")
    assert all(filled.tagged())


def test_a_tag_that_is_put_back_is_as_if_never_taken(filled: Filled) -> None:
    """And when it is taken once more, that counts anew."""
    filled.write(HOT, score="81")
    changes.tag(filled.world.hub, filled.people[0], "High-Intent")
    assert not any(filled.write(HOT, score="82") and filled.messages)
    filled.world.clock.sleep(HOLD.total_seconds())
    filled.untag(0)
    filled.write(HOT, score="83")
    assert not filled.tagged()[0]


def test_a_tag_that_was_removed_as_a_whole_was_taken_from_nobody(filled: Filled) -> None:
    """It is made again by the next run, and given to all."""
    audience = filled.world.main
    segment = audience.tag("High-Intent")
    assert segment is not None
    for member in filled.people:
        member.tags.clear()
    del audience.segments[segment.segment_id]
    filled.world.clock.sleep(60)
    filled.adapter.ensure_score_fields()
    filled.write(HOT, score="81")
    assert all(filled.tagged())


def test_a_hold_outlives_opting_out_and_coming_back(filled: Filled) -> None:
    """The tag is taken from whoever opts out, by us: that is nobody's word against it."""
    filled.write(HOT, score="81")
    for member in filled.people[:2]:
        changes.set_status(filled.world.hub, member, "unsubscribed")
    filled.write(HOT, score="82")
    assert filled.tagged()[:2] == [False, False]
    for member in filled.people[:2]:
        changes.set_status(filled.world.hub, member, "subscribed")
    filled.write(HOT, score="83")
    assert filled.tagged()[:2] == [False, True]


def test_a_contact_with_more_tags_than_are_told_keeps_its_tag(world: MailchimpWorld) -> None:
    """Ours may be among those that are not told: that is no word against it."""
    filled = Filled(world, 2)
    with world.sandbox.stage.lock:
        for number in range(60):
            changes.tag(world.hub, filled.people[0], f"Other {number}")
    filled.write(HOT)
    assert all(filled.tagged())
    filled.forget_requests()
    filled.write(HOT, score="81")
    assert filled.messages == ["", ""]
    assert filled.asked("POST", "/tags") == 0
