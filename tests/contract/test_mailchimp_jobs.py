"""Writing to Mailchimp by jobs: at the pace of its queue, with as few calls as there can be."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
import requests

from connector.adapters.mailchimp.batches import OPERATIONS
from connector.adapters.mailchimp.jobs import AHEAD, Jobs
from connector.adapters.mailchimp.session import ATTEMPTS
from connector.errors import RetryLater
from connector.records import Tier, WriteOutcome
from connector.sandbox.config import MailchimpAccount
from connector.sandbox.faults import Fault, FaultKind
from connector.sandbox.mailchimp import changes
from tests.contract.mailchimp_filled import DAY, MANY, Filled
from tests.contract.mailchimp_world import ALLOWED, MailchimpWorld
from tests.contract.test_writing import dies
from tests.died import Died

CHUNKS = 6
SOME = 10
"""Every so many leads are High-Intent."""
HOT = (Tier.HIGH_INTENT, *[Tier.LOW] * (SOME - 1))


@pytest.fixture
def world() -> Iterator[MailchimpWorld]:
    """An account with two empty audiences."""
    made = MailchimpWorld()
    yield made
    made.stop()


@pytest.fixture
def slow() -> Iterator[MailchimpWorld]:
    """The same, where a job takes an hour."""
    made = MailchimpWorld(MailchimpAccount(connections=ALLOWED, batch_seconds=3_600.0))
    yield made
    made.stop()


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> int:
    """Jobs of few calls, so that a handful of people fill several; return how many people fill six."""
    for module in ("writes_in_jobs", "score_reads"):
        monkeypatch.setattr(f"connector.adapters.mailchimp.{module}.OPERATIONS", MANY)
    return CHUNKS * MANY


def test_mailchimp_always_has_a_job_to_work_on(world: MailchimpWorld, small: int) -> None:
    """Each begins when the one before ends; tags that change are together in as few jobs as hold them."""
    filled = Filled(world, small)
    filled.forget_requests()
    assert set(filled.write(*HOT)) == {WriteOutcome.WRITTEN}
    assert filled.tagged() == [number % SOME == 0 for number in range(small)]
    spans = [job.begins_at for job in world.hub.jobs.values()]
    seconds = world.settings.batch_seconds
    assert [later - earlier for earlier, later in pairwise(spans)] == pytest.approx([seconds] * (len(spans) - 1))
    tag_jobs = -(-(small // SOME) // MANY)
    assert len(spans) == CHUNKS + tag_jobs
    assert filled.asked("POST", "/batches") == filled.asked("GET", "/batch-results/") == len(spans)
    assert filled.asked("GET", "/batches/") == len(spans)


def test_jobs_that_nobody_waits_for_are_stopped(
    world: MailchimpWorld, small: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that were noted as they were handed in; one that is gone is none any more."""
    filled = Filled(world, small)
    before = filled.scores()
    with monkeypatch.context() as patched:
        patched.setattr(Jobs, "next_results", dies)
        with pytest.raises(Died):
            filled.write(Tier.LOW)
    assert len(world.jobs) == AHEAD
    for job in (*world.jobs, *world.jobs):
        filled.adapter.stop_job(job)
    world.clock.sleep(DAY)
    assert filled.scores() == before


def test_a_job_whose_hand_in_got_no_answer_is_waited_for(slow: MailchimpWorld) -> None:
    """Nobody knows its number, and it may stand in the queue: what it brings would land on what is written next."""
    world, filled = slow, Filled(slow, MANY)
    world.sandbox.stage.faults.replace_all(
        [Fault(FaultKind.TRUNCATED, path="/3.0/batches", method="POST", times=ATTEMPTS)]
    )
    assert set(filled.write(Tier.LOW, score="33")) == {WriteOutcome.RETRY}
    assert len(world.hub.jobs) == ATTEMPTS
    (job,) = world.jobs
    with pytest.raises(RetryLater, match="did not answer"):
        filled.adapter.stop_job(job)
    world.clock.sleep(ATTEMPTS * world.settings.batch_seconds)
    filled.adapter.stop_job(job)
    assert set(filled.scores()) == {33}
    assert filled.asked("DELETE", "/batches/") == 0


def test_a_job_that_was_not_taken_is_not_waited_for(world: MailchimpWorld, small: int) -> None:
    """Nor does a colleague's of another size, or of another hour, hold our scores up."""
    filled = Filled(world, small)
    world.sandbox.stage.faults.replace_all(
        [Fault(FaultKind.EMPTY_ERROR, path="/3.0/batches", method="POST", times=50, status=403)]
    )
    with pytest.raises(RetryLater):
        filled.write(Tier.LOW)
    world.sandbox.stage.faults.replace_all([])
    (job,) = world.jobs
    colleagues_job(filled, MANY + 1)
    filled.adapter.stop_job(job)
    world.clock.sleep(3_600)
    colleagues_job(filled, MANY)
    filled.adapter.stop_job(job)


def colleagues_job(filled: Filled, calls: int) -> None:
    """Hand a job in that is not ours."""
    operations = [{"method": "GET", "path": "/lists"}] * calls
    token = {"Authorization": f"Bearer {filled.grant.tokens.access_token}"}
    url = f"{filled.world.sandbox.origin}/3.0/batches"
    requests.post(url, json={"operations": operations}, headers=token, timeout=10).raise_for_status()


def test_jobs_that_are_over_are_told_so(world: MailchimpWorld, small: int) -> None:
    """Those that were worked on, and those that were taken back since none ended."""
    filled = Filled(world, small)
    filled.write(Tier.LOW)
    assert not world.jobs


def test_only_a_handful_of_jobs_is_handed_in_ahead(world: MailchimpWorld, small: int) -> None:
    """A colleague's import does not have to wait for all of ours."""
    filled = Filled(world, small)
    filled.write(Tier.LOW)
    jobs, seconds = list(world.hub.jobs.values()), world.settings.batch_seconds
    origin = jobs[0].begins_at - jobs[0].submitted_ms / 1000
    for number, job in enumerate(jobs):
        now = origin + job.submitted_ms / 1000
        assert sum(earlier.begins_at + seconds > now for earlier in jobs[:number]) < AHEAD


def test_who_leaves_the_band_is_known_before(world: MailchimpWorld, small: int) -> None:
    """Their tags are taken in the job of the others' tags, though they are spread over all scores."""
    filled = Filled(world, small)
    filled.write(*HOT)
    filled.forget_requests()
    filled.write(Tier.LOW, score="10")
    assert not any(filled.tagged())
    assert filled.asked("POST", "/batches") == CHUNKS + -(-(small // SOME) // MANY)


def test_tags_that_nobody_expected_are_put_together_at_the_end(world: MailchimpWorld, small: int) -> None:
    """Given by users to leads that are none: a job for all of them, not one for each part."""
    filled = Filled(world, small)
    for member in filled.people[::2]:
        changes.tag(world.hub, member, "High-Intent")
    filled.forget_requests()
    assert set(filled.write(Tier.LOW)) == {WriteOutcome.WRITTEN}
    assert not any(filled.tagged())
    assert filled.asked("POST", "/batches") == CHUNKS + small // 2 // MANY


def test_a_queue_that_stands_still_gets_all_jobs_back() -> None:
    """A colleague's import may last for hours; none of ours stays behind to be run twice."""
    world = MailchimpWorld(MailchimpAccount(connections=ALLOWED, batch_seconds=5 * 3600.0))
    try:
        filled = Filled(world, 2 * OPERATIONS)
        assert set(filled.write(Tier.LOW)) == {WriteOutcome.RETRY}
        assert filled.asked("POST", "/batches") == filled.asked("DELETE", "/batches/") == 2
        assert not world.hub.jobs
        assert filled.asked("GET", "/batches/") <= 20
    finally:
        world.stop()


def test_what_other_jobs_answered_is_kept_when_one_is_not_taken(world: MailchimpWorld, small: int) -> None:
    """The rest is written another time; what was handed in is not forgotten."""
    filled = Filled(world, small)
    adapter, writes = filled.adapter, filled.writes([Tier.LOW])
    world.sandbox.stage.faults.replace_all(
        [Fault(FaultKind.EMPTY_ERROR, path="/3.0/batches", method="POST", skip=2, times=50, status=403)]
    )
    outcomes = [result.outcome for result in adapter.write_scores(writes)]
    assert outcomes.count(WriteOutcome.WRITTEN) == 2 * MANY
    assert outcomes.count(WriteOutcome.RETRY) == small - 2 * MANY


def test_a_job_that_somebody_removed_is_tried_again(world: MailchimpWorld) -> None:
    """Nobody knows what it did; nothing of it is called written."""
    filled = Filled(world, MANY)
    world.sandbox.stage.faults.replace_all([Fault(FaultKind.SERVER_ERROR, path="/3.0/batches/", times=1, status=404)])
    assert set(filled.write(Tier.LOW)) == {WriteOutcome.RETRY}
    assert set(filled.write(Tier.LOW)) == {WriteOutcome.WRITTEN}


def test_many_are_read_back_by_several_jobs(world: MailchimpWorld, small: int) -> None:
    """After a crash: what is held, and nothing for those who are gone."""
    filled = Filled(world, small)
    filled.write(*HOT)
    changes.delete_permanently(world.hub, filled.people[5])
    filled.forget_requests()
    ids = [write.record_id for write in filled.writes(HOT)]
    held = filled.adapter.read_scores(ids)
    assert held.keys() == set(ids) - {ids[5]}
    assert filled.asked("POST", "/batches") == filled.asked("GET", "/batches/") == CHUNKS


def test_a_lost_answer_is_not_taken_for_an_empty_record(world: MailchimpWorld) -> None:
    """It would be written anew."""
    filled = Filled(world, MANY)
    world.sandbox.stage.faults.replace_all([Fault(FaultKind.SERVER_ERROR, path="/3.0/batches/", times=1, status=404)])
    ids = [write.record_id for write in filled.writes([Tier.LOW])]
    with pytest.raises(RetryLater):
        filled.adapter.read_scores(ids)


def test_a_days_pause_changes_nothing(world: MailchimpWorld, small: int) -> None:
    """The next scores begin as the first ones did."""
    filled = Filled(world, small)
    filled.write(Tier.LOW)
    world.clock.sleep(DAY)
    filled.forget_requests()
    assert set(filled.write(Tier.LOW, score="12")) == {WriteOutcome.WRITTEN}
    assert filled.asked("GET", "/batches/") == CHUNKS
