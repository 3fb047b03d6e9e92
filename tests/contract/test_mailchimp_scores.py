"""Writing to Mailchimp: one by one and as a job, the tag given and taken, and what must not be written."""

from __future__ import annotations

import gzip
import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest

from connector.adapters.mailchimp import batches
from connector.errors import RetryLater
from connector.records import Tier, WriteOutcome
from connector.sandbox.config import MailchimpAccount
from connector.sandbox.faults import Fault, FaultKind
from connector.sandbox.mailchimp import changes, jobs
from connector.sandbox.mailchimp.records import Job
from tests.contract.mailchimp_filled import DAY, MANY, Filled
from tests.contract.mailchimp_world import ALLOWED, MailchimpWorld


@pytest.fixture
def world() -> Iterator[MailchimpWorld]:
    """An account with two empty audiences."""
    made = MailchimpWorld()
    yield made
    made.stop()


@pytest.mark.parametrize("people", [4, MANY])
def test_the_tag_follows_the_band(world: MailchimpWorld, people: int) -> None:
    """Given to High-Intent leads, taken when they leave the band; of either way of writing."""
    filled = Filled(world, people)
    assert set(filled.write(Tier.HIGH_INTENT, Tier.LOW)) == {WriteOutcome.WRITTEN}
    assert filled.tagged() == [number % 2 == 0 for number in range(people)]
    assert set(filled.write(Tier.MEDIUM, Tier.HIGH_INTENT, score="20")) == {WriteOutcome.WRITTEN}
    assert filled.tagged() == [number % 2 == 1 for number in range(people)]
    assert filled.scores() == [20] * people


def test_few_are_written_at_once_and_without_a_job(world: MailchimpWorld) -> None:
    """A hot lead's score is there after a few calls, whatever stands in the queue of jobs."""
    filled = Filled(world, 1)
    adapter = filled.adapter
    filled.forget_requests()
    begun = world.clock.monotonic()
    adapter.write_scores(filled.writes([Tier.HIGH_INTENT]))
    assert world.clock.monotonic() - begun < 1
    assert filled.asked("POST", "/batches") == 0
    assert filled.tagged() == [True]


def test_many_take_one_job_and_only_flips_a_second(world: MailchimpWorld) -> None:
    """The answers say who has the tag, so that nobody is tagged in vain."""
    filled = Filled(world, MANY)
    filled.write(*[Tier.HIGH_INTENT] * 20, *[Tier.LOW] * (MANY - 20))
    filled.forget_requests()
    filled.write(*[Tier.HIGH_INTENT] * 20, *[Tier.LOW] * (MANY - 20), score="81")
    assert filled.asked("POST", "/batches") == 1
    assert filled.asked("POST", "/tags") == 0
    assert filled.scores() == [81] * MANY


def test_what_is_there_already_is_not_written_again(world: MailchimpWorld) -> None:
    """A write moves the time of the last change, and with it the next sync."""
    filled = Filled(world, 2)
    filled.write(Tier.HIGH_INTENT)
    filled.forget_requests()
    assert set(filled.write(Tier.HIGH_INTENT)) == {WriteOutcome.WRITTEN}
    assert filled.asked("PATCH", "/members/") == filled.asked("POST", "/tags") == 0


@pytest.mark.parametrize("people", [6, MANY])
def test_half_of_a_batch_may_fail(world: MailchimpWorld, people: int) -> None:
    """Archived, cleaned and erased contacts are gone; nobody is brought back or made; the rest is written."""
    filled = Filled(world, people)
    for number, member in enumerate(filled.people):
        doing = (changes.archive, changes.clean, changes.delete_permanently)[number // 2 % 3]
        if number % 2:
            doing(world.hub, member)
    before = {member.contact_id: member.status for member in world.main.members()}
    outcomes = filled.write(Tier.HIGH_INTENT)
    assert outcomes == [WriteOutcome.WRITTEN, WriteOutcome.GONE] * (people // 2)
    assert {member.contact_id: member.status for member in world.main.members()} == before
    archived = [member for member in filled.people if member.status == "archived"]
    assert not any("LEADSCORE" in member.merge for member in archived)


def test_an_audience_that_is_gone_fails_nobody_elses_write(world: MailchimpWorld) -> None:
    """Its contacts are gone with it; so is one whose id names no audience of this account."""
    filled = Filled(world, 2)
    lost = world.add_member("lost@example.com", world.second)
    writes = filled.writes([Tier.LOW])
    odd = [replace(writes[0], record_id=record_id) for record_id in (world.record_of(lost), "nowhere:1", "../x:1")]
    del world.hub.audiences[lost.list_id]
    outcomes = [result.outcome for result in filled.adapter.write_scores([*odd, *writes])]
    assert outcomes == [WriteOutcome.GONE] * 3 + [WriteOutcome.WRITTEN] * 2


def test_nobody_who_opted_out_gets_the_tag(world: MailchimpWorld) -> None:
    """The score is kept; what the tag starts is mail."""
    filled = Filled(world, 2)
    changes.opt_out(world.hub, filled.people[0])
    assert set(filled.write(Tier.HIGH_INTENT)) == {WriteOutcome.WRITTEN}
    assert filled.tagged() == [False, True]
    assert filled.scores() == [80, 80]


def test_required_fields_of_others_do_not_stop_a_score(world: MailchimpWorld) -> None:
    """The admin's rules are for forms."""
    filled = Filled(world, 2)
    world.define(world.main, "CONSENT", "Consent", "text")
    next(field for field in world.main.merge_fields.values() if field.tag == "CONSENT").required = True
    assert set(filled.write(Tier.LOW)) == {WriteOutcome.WRITTEN}


@pytest.mark.parametrize("people", [3, MANY])
def test_the_first_filling_starts_no_automation_and_later_flips_do(world: MailchimpWorld, people: int) -> None:
    """Else the first scores of an old audience send thousands of mails on one day."""
    filled = Filled(world, people)
    segment = world.main.tag("High-Intent")
    assert segment is not None
    segment.created_ms = world.hub.now_ms()
    filled.write(Tier.HIGH_INTENT)
    assert filled.tagged() == [True] * people
    assert world.hub.flow_starts == []
    world.clock.sleep(2 * DAY)
    filled.write(Tier.LOW, score="10")
    filled.write(Tier.HIGH_INTENT)
    assert len(world.hub.flow_starts) == people


def test_a_new_lead_that_is_hot_on_the_first_day_is_news(world: MailchimpWorld) -> None:
    """Only those from before the tag are filled in."""
    filled = Filled(world, 0)
    segment = world.main.tag("High-Intent")
    assert segment is not None
    segment.created_ms = world.hub.now_ms()
    world.clock.sleep(60)
    filled.people = [world.add_member("new@example.com")]
    filled.write(Tier.HIGH_INTENT)
    assert len(world.hub.flow_starts) == 1


def test_several_audiences_are_prepared_and_written_alike(world: MailchimpWorld) -> None:
    """One name for the field everywhere; each person is written where they are."""
    filled = Filled(world, 15)
    filled.people += [world.add_member(f"p{number}@example.com", world.second) for number in range(15)]
    assert set(filled.write(Tier.HIGH_INTENT)) == {WriteOutcome.WRITTEN}
    for audience in (world.main, world.second):
        field, segment = audience.column("LEADSCORE"), audience.tag("High-Intent")
        assert field is not None
        assert segment is not None
        assert not field.public
        assert len(audience.tagged(segment.segment_id)) == 15
    held = filled.adapter.read_scores([world.record_of(member) for member in filled.people])
    assert set(map(str, held.values())) == {str({"lead_score_tier": "High-Intent", "lead_score": "80"})}


def test_an_audience_without_room_gets_the_tag_alone() -> None:
    """A missing number is no reason to keep High-Intent leads from their campaign."""
    world = MailchimpWorld(MailchimpAccount(connections=ALLOWED, merge_fields=5))
    try:
        filled = Filled(world, 3)
        assert filled.names == {"lead_score_tier": "High-Intent"}
        assert set(filled.write(Tier.HIGH_INTENT)) == {WriteOutcome.WRITTEN}
        assert filled.tagged() == [True] * 3
        write = filled.writes([Tier.HIGH_INTENT])[0]
        held = filled.adapter.read_scores([write.record_id])[write.record_id]
        assert held == filled.adapter.rendered(write.values)
    finally:
        world.stop()


def test_preparing_finds_more_fields_than_a_page_shows_by_itself(world: MailchimpWorld) -> None:
    """Mailchimp shows ten unless asked for more."""
    for number in range(14):
        world.define(world.main, f"EXTRA{number}", f"Extra {number}", "text")
    filled = Filled(world, 1)
    world.connect(filled.grant, filled.names).ensure_score_fields()
    assert [field.tag for field in world.main.merge_fields.values()].count("LEADSCORE") == 1
    assert not [field.tag for field in world.main.merge_fields.values() if field.tag.startswith("MERGE")]


def test_a_field_that_a_user_removed_is_told_and_made_again(world: MailchimpWorld) -> None:
    """Mailchimp takes values for fields that are not there without a word."""
    filled = Filled(world, 2)
    world.main.merge_fields = {
        number: field for number, field in world.main.merge_fields.items() if field.tag != "LEADSCORE"
    }
    adapter = filled.adapter
    assert adapter.ensure_score_fields() == filled.names
    assert {result.outcome for result in adapter.write_scores(filled.writes([Tier.LOW]))} == {WriteOutcome.WRITTEN}
    assert filled.scores() == [80, 80]


def test_a_tag_spelled_otherwise_is_the_same_tag(world: MailchimpWorld) -> None:
    """People take names that differ in case for one tag, and so does Mailchimp."""
    world.main.new_segment("high-intent", world.hub.now_ms())
    filled = Filled(world, 2)
    assert len(world.main.segments) == 1
    filled.write(Tier.HIGH_INTENT)
    filled.write(Tier.LOW)
    assert filled.tagged() == [False, False]


def test_a_cut_off_archive_is_fetched_again(world: MailchimpWorld) -> None:
    """The job was done; only the telling failed."""
    filled = Filled(world, MANY)
    fault = Fault(FaultKind.TRUNCATED, path="/batch-results/", times=2)
    world.sandbox.stage.faults.replace_all([fault])
    filled.forget_requests()
    assert set(filled.write(Tier.LOW)) == {WriteOutcome.WRITTEN}
    assert filled.asked("POST", "/batches") == 1


def test_what_no_archive_tells_is_tried_again(world: MailchimpWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half the results are there: these are known, the others not called written."""
    filled = Filled(world, 300)
    whole = jobs.archive

    def cut(job: Job) -> bytes:
        plain = gzip.decompress(whole(job))
        return gzip.compress(plain, mtime=0)[: len(gzip.compress(plain, mtime=0)) // 2]

    monkeypatch.setattr(jobs, "archive", cut)
    outcomes = set(filled.write(Tier.LOW))
    assert WriteOutcome.RETRY in outcomes
    assert outcomes <= {WriteOutcome.RETRY, WriteOutcome.WRITTEN}


def test_results_are_fetched_from_nowhere_else(world: MailchimpWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even without a token: an answer does not choose what this server asks for."""
    filled = Filled(world, MANY)
    with socket.create_server(("127.0.0.1", 0)) as other:
        other.settimeout(0.05)
        address = f"http://127.0.0.1:{other.getsockname()[1]}/batch-results/1.tar.gz"
        monkeypatch.setattr(batches, "look", lambda *_: batches.State(finished=True, url=address))
        monkeypatch.setattr(batches, "TIMEOUT", (0.2, 0.2))
        assert set(filled.write(Tier.LOW)) == {WriteOutcome.RETRY}
        with pytest.raises(TimeoutError):
            other.accept()


def test_a_job_that_waits_in_a_queue_is_taken_back() -> None:
    """A colleague's import may last for hours; the scores come again later."""
    world = MailchimpWorld(MailchimpAccount(connections=ALLOWED, batch_seconds=5 * 3600.0))
    try:
        filled = Filled(world, MANY)
        assert set(filled.write(Tier.LOW)) == {WriteOutcome.RETRY}
        assert not world.hub.jobs
        assert filled.asked("GET", "/batches/") <= 150
    finally:
        world.stop()


def test_a_throttled_job_comes_back_whole(world: MailchimpWorld) -> None:
    """Nothing was written, so nothing is told."""
    filled = Filled(world, MANY)
    world.sandbox.stage.faults.replace_all([Fault(FaultKind.EMPTY_ERROR, path="/batches", times=50, status=403)])
    with pytest.raises(RetryLater):
        filled.write(Tier.LOW)


def test_a_tag_that_fails_leaves_the_record_to_be_written_again(world: MailchimpWorld) -> None:
    """A score without its tag is half of what was wanted."""
    filled = Filled(world, 3)
    world.sandbox.stage.faults.replace_all([Fault(FaultKind.SERVER_ERROR, path="/tags", times=50, status=500)])
    assert filled.write(Tier.HIGH_INTENT, Tier.LOW, Tier.LOW) == [
        WriteOutcome.RETRY,
        WriteOutcome.WRITTEN,
        WriteOutcome.WRITTEN,
    ]
    world.sandbox.stage.faults.replace_all([])
    assert set(filled.write(Tier.HIGH_INTENT, Tier.LOW, Tier.LOW)) == {WriteOutcome.WRITTEN}
    assert filled.tagged() == [True, False, False]


def test_of_doubles_the_last_one_counts(world: MailchimpWorld) -> None:
    """Each still gets an answer."""
    filled = Filled(world, 1)
    first, last = filled.writes([Tier.LOW], "10")[0], filled.writes([Tier.LOW], "90")[0]
    results = filled.adapter.write_scores([first, last])
    assert [result.outcome for result in results] == [WriteOutcome.WRITTEN] * 2
    assert filled.scores() == [90]
