"""Deliveries: side by side, interrupted, answered late, refused; what arrives is the newest and arrives once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NoReturn

import pytest
import sqlalchemy as sa

from connector.crashpoints import Point
from connector.errors import LostLease, RetryLater
from connector.records import WriteOutcome, WriteResult
from connector.services import publication
from connector.services.opening import open_adapter
from connector.store import outbox
from connector.store.session import Store
from connector.store.tables import outbox as table
from connector.store.tables import write_jobs
from tests.died import Died
from tests.fakecrm import FakeAdapter, FakeApp
from tests.services.delivering import AtOnce, Desk, desk
from tests.world import OpenLane, StillClock


def once(operation: str, happens: BaseException) -> object:
    """Let a thing happen at the first call of an operation."""
    left = [happens]

    def trouble(called: str) -> None:
        if called == operation and left:
            raise left.pop()

    return trouble


@pytest.fixture
def at(store: Store) -> Desk:
    """An account that is written to at once."""
    return desk(store)


def test_given_records_are_written_and_the_others_wait(at: Desk) -> None:
    """The fast lane takes what it was named; how many hold theirs is told."""
    at.queue("10.0", 1, 2, 3)
    assert at.deliver(2, realtime=True) == 1
    assert at.held() == {"2": "10.0"}
    at.run()
    assert at.world.crm.writes == ["2", "1", "3"]


def test_two_deliveries_side_by_side_write_nothing_twice(at: Desk) -> None:
    """While the bulk one waits for the CRM, the other takes the rest; a newer value comes after the older one."""

    def trouble(operation: str) -> None:
        if operation == "write" and not at.world.crm.writes:
            at.world.crm.trouble = lambda _operation: None
            at.queue("20.0", 1)
            with pytest.raises(RetryLater):
                at.deliver(1, realtime=True)
            at.queue("30.0", 3, priority=1)

    at.queue("10.0", 1, 2)
    at.world.crm.trouble = trouble
    at.run()
    assert at.world.crm.writes == ["1", "2", "3", "1"]
    assert at.held() == {"1": "20.0", "2": "10.0", "3": "30.0"}


def test_a_lost_workers_rows_are_read_back_once_their_lease_ran_out(at: Desk) -> None:
    """Before that nobody touches them; what arrived is not written again."""
    at.queue("10.0", 1)
    at.world.crm.trouble = once("written", Died())  # type: ignore[assignment]
    with pytest.raises(Died):
        at.deliver(1)
    with pytest.raises(RetryLater):
        at.deliver(1)
    at.world.clock.sleep(31)
    assert at.deliver(1) == 1
    assert at.world.crm.writes == ["1"]
    assert "found by reading back" in at.said()[-1]


def test_what_was_sent_is_compared_and_not_what_was_queued_since(at: Desk) -> None:
    """The older value arrived, so only the newer one is written."""
    at.queue("10.0", 1)
    at.world.crm.trouble = once("written", Died())  # type: ignore[assignment]
    with pytest.raises(Died):
        at.deliver(1)
    at.queue("20.0", 1)
    at.world.clock.sleep(31)
    at.deliver(1)
    assert at.world.crm.writes == ["1", "1"]
    assert at.held() == {"1": "20.0"}


def test_an_answer_that_comes_after_the_lease_is_not_believed(at: Desk) -> None:
    """A paused worker's older write may have landed last: the CRM is asked, and gets the newest value again."""

    def trouble(operation: str) -> None:
        if operation == "write" and not at.world.crm.writes:
            at.world.crm.trouble = lambda _operation: None
            at.world.clock.sleep(31)
            at.queue("20.0", 1)
            at.deliver(1)
            assert at.held() == {"1": "20.0"}

    at.queue("10.0", 1)
    at.world.crm.trouble = trouble
    with pytest.raises(RetryLater):
        at.deliver(1)
    assert at.held() == {"1": "10.0"}
    at.deliver(1)
    assert at.held() == {"1": "20.0"}
    assert any("too late" in body for body in at.said())


def left_in_queue(at: Desk) -> None:
    """Let a worker die whose job stands in the CRM's queue, and its lease run out; then a newer value is due."""
    at.world.crm.by_job = True
    at.queue("10.0", 1)
    at.world.crm.trouble = once("queued", Died())  # type: ignore[assignment]
    with pytest.raises(Died):
        at.deliver(1)
    at.queue("20.0", 1)
    at.world.clock.sleep(31)


def work_on_queue(at: Desk) -> None:
    """Let the CRM do at last what was left in its queue."""
    adapter = open_adapter(at.world.services, at.connection_id)
    assert isinstance(adapter, FakeAdapter)
    adapter.work_on_queue()


def noted(at: Desk) -> int:
    """How many jobs are noted as being worked on."""
    with at.world.services.store.reading() as session:
        return int(session.execute(sa.select(sa.func.count()).select_from(write_jobs)).scalar_one())


def test_a_job_that_a_lost_worker_left_in_the_crms_queue_writes_nothing_any_more(at: Desk) -> None:
    """Else its older value would land on the newer one, long after the record was read back and written anew."""
    left_in_queue(at)
    at.deliver(1)
    assert at.held() == {"1": "20.0"}
    work_on_queue(at)
    assert at.held() == {"1": "20.0"}
    assert noted(at) == 0


def test_a_worker_that_is_lost_before_its_job_began_leaves_nothing_behind(
    at: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job was noted and never started: the CRM knows nothing of it, and its rows are written by the next one."""

    def dies(point: Point) -> None:
        if point is Point.JOB_NOTED:
            raise Died

    at.world.crm.by_job = True
    at.queue("10.0", 1)
    with monkeypatch.context() as patched:
        patched.setattr("connector.services.write_jobs.reached", dies)
        with pytest.raises(Died):
            at.deliver(1)
    assert noted(at) == 1
    at.world.clock.sleep(31)
    assert at.deliver(1) == 1
    assert (at.held(), noted(at)) == ({"1": "10.0"}, 0)


def test_while_such_a_job_may_go_on_its_rows_are_not_written(at: Desk) -> None:
    """They are given up, and the next delivery tries again."""
    left_in_queue(at)
    at.world.crm.trouble = once("stop", RetryLater("It is worked on.", after_seconds=1.0))  # type: ignore[assignment]
    with pytest.raises(RetryLater):
        at.deliver(1)
    work_on_queue(at)
    assert at.held() == {"1": "10.0"}
    at.deliver(1)
    assert at.held() == {"1": "20.0"}
    assert noted(at) == 0


def test_a_job_that_is_waited_for_goes_on_beside_another_delivery(at: Desk) -> None:
    """It brings what its own claim holds, whatever is written to other records meanwhile."""

    def trouble(operation: str) -> None:
        if operation == "queued":
            at.world.crm.trouble = lambda called: stopped.append(called) if called == "stop" else None
            assert at.deliver(2) == 1
            assert noted(at) == 1

    stopped: list[str] = []
    at.world.crm.by_job = True
    at.queue("10.0", 1, 2)
    at.world.crm.trouble = trouble
    assert at.deliver(1) == 1
    assert at.held() == {"1": "10.0", "2": "10.0"}
    assert (stopped, noted(at)) == ([], 0)


def test_a_job_that_was_given_up_is_stopped_although_its_claim_carries_another(
    at: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other's rows are still held, and its job goes on; those of the one that was given up are anybody's."""

    def trouble(operation: str) -> None:
        if operation == "queued" and len(at.world.crm.queue) == 1:
            raise RetryLater("The queue stands still.", after_seconds=1.0)
        if operation == "queued":
            at.world.crm.trouble = lambda _operation: None
            at.world.crm.by_job = False
            at.queue("20.0", 1)
            at.deliver(1)
            assert (at.held()["1"], noted(at)) == ("20.0", 1)

    # One after the other, as two jobs of one claim.
    monkeypatch.setattr("connector.services.sending.ThreadPoolExecutor", lambda _size, **_names: ThreadPoolExecutor(1))
    monkeypatch.setattr(FakeApp, "capabilities", replace(FakeApp.capabilities, write_batch=1))
    at.world.crm.by_job = True
    at.queue("10.0", 1, 2)
    at.world.crm.trouble = trouble
    with pytest.raises(RetryLater, match="stands still"):
        at.deliver(1, 2)
    work_on_queue(at)
    assert at.held() == {"1": "20.0", "2": "10.0"}
    assert noted(at) == 0


def test_who_is_known_not_to_be_written_needs_no_second_write(at: Desk) -> None:
    """The CRM said so, and the value that is due again is the one that it holds."""
    at.queue("10.0", 1)
    at.deliver(1)
    at.queue("20.0", 1)
    at.world.crm.refused["1"] = WriteResult("1", WriteOutcome.RETRY, "The record is locked.")
    with pytest.raises(RetryLater):
        at.deliver(1)
    at.world.crm.refused.clear()
    at.queue("10.0", 1)
    at.world.clock.sleep(5)
    at.deliver(1)
    assert (at.world.crm.writes, at.held()) == (["1"], {"1": "10.0"})


def test_where_no_answer_came_the_crm_holds_nobody_knows_what(at: Desk) -> None:
    """Where a value returns to what it was before, it is written all the same: the try may have brought another."""
    at.queue("10.0", 1)
    at.deliver(1)
    at.queue("20.0", 1)
    at.world.crm.refused["1"] = WriteResult("1", WriteOutcome.RETRY, "No answer.", unknown=True)
    with pytest.raises(RetryLater):
        at.deliver(1)
    at.world.crm.refused.clear()
    at.world.crm.held["1"]["lead_score"] = "20.0"
    at.queue("10.0", 1)
    at.world.clock.sleep(5)
    at.deliver(1)
    assert at.held() == {"1": "10.0"}


@pytest.mark.parametrize(("there", "writes"), [("10.0", ["1"]), ("30.0", ["1", "1"])])
def test_what_reading_back_found_is_known(at: Desk, there: str, writes: list[str]) -> None:
    """A worker died before it sent anything, and the value goes back: it is written only where the CRM lacks it."""
    at.queue("10.0", 1)
    at.deliver(1)
    at.queue("20.0", 1)
    at.world.crm.trouble = once("write", Died())  # type: ignore[assignment]
    with pytest.raises(Died):
        at.deliver(1)
    at.world.crm.held["1"]["lead_score"] = there
    at.queue("10.0", 1)
    at.world.clock.sleep(31)
    at.deliver(1)
    assert (at.world.crm.writes, at.held()) == (writes, {"1": "10.0"})


@dataclass
class StandingLane(OpenLane):
    """Lets whoever asks first for a place to write stand still for a while; counts the places that were given back."""

    clock: StillClock
    seconds: float
    settled: int = 0

    def acquire(self, budget: str, *, writes: bool = False) -> None:
        if writes:
            self.clock.sleep(self.seconds)
            self.seconds = 0.0

    def settle(self, budget: str) -> None:
        self.settled += 1


def test_who_stood_still_before_sending_sends_nothing(at: Desk) -> None:
    """Wherever that was: the claim is looked at last of all, and the place in the budget is another request's."""
    lane = StandingLane(at.world.clock, seconds=16.0)
    at.world.services = replace(at.world.services, lane=lambda *_, **__: lane)
    at.queue("10.0", 1)
    with pytest.raises(LostLease):
        at.deliver(1)
    assert at.world.crm.writes == []
    assert lane.settled == 1
    assert at.deliver(1) == 1
    assert at.held() == {"1": "10.0"}


def test_an_answer_is_kept_although_the_work_is_anothers_by_now(at: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else nobody knew that an old value had landed on a newer one; the lane is asked to look."""

    def lost(_work: AtOnce) -> NoReturn:
        raise LostLease("Another worker has it.")

    def trouble(operation: str) -> None:
        if operation == "write" and not at.world.crm.writes:
            at.world.crm.trouble = lambda _operation: None
            at.world.clock.sleep(31)
            at.queue("20.0", 1)
            at.deliver(1)
            monkeypatch.setattr(AtOnce, "transaction", lost)

    at.queue("10.0", 1)
    at.world.crm.trouble = trouble
    with pytest.raises(RetryLater):
        at.deliver(1)
    assert at.held() == {"1": "10.0"}
    at.world.work()
    assert at.held() == {"1": "20.0"}


def test_a_score_that_moves_by_less_than_the_step_causes_no_write(at: Desk) -> None:
    """To and fro, also when it was queued before the other way was delivered."""
    at.queue("50.0", 1)
    at.deliver(1)
    for score in ("50.9", "49.2", "50.4"):
        at.world.clock.sleep(60)
        at.queue(score, 1)
        assert at.deliver(1) == 1
    assert at.held() == {"1": "50.0"}
    at.queue("51.0", 1)
    at.deliver(1)
    assert at.held() == {"1": "51.0"}


def test_a_dead_letter_has_the_crms_words_and_is_replayed_one_or_all(at: Desk) -> None:
    """Since when and how often; every replay is on the record."""
    at.world.crm.refused = {str(n): WriteResult(str(n), WriteOutcome.NEEDS_ADMIN, f"Rule {n}") for n in (1, 2)}
    at.queue("10.0", 1, 2, 3)
    at.run()
    begun = at.world.clock.now()
    at.world.clock.sleep(60)
    assert publication.replay(at.world.services, at.tenant_id, at.connection_id, 1) == 1
    at.world.work()
    with at.world.services.store.reading() as session:
        first, second = outbox.dead_letters(session, at.connection_id, 5)
    assert (first.message, first.failing_since, first.failures) == ("Rule 1", begun, 2)
    assert first.failed_at == begun + timedelta(seconds=60)
    assert (second.record_id, second.failures) == (2, 1)
    at.world.crm.refused = {}
    assert publication.replay(at.world.services, at.tenant_id, at.connection_id) == 2
    at.world.work()
    assert at.held() == {"1": "10.0", "2": "10.0", "3": "10.0"}
    assert sum("replay dead letters" in body for body in at.said()) == 2


def test_a_passing_refusal_waits_and_a_record_that_is_gone_is_forgotten(at: Desk) -> None:
    """Each failure by its class."""
    at.world.crm.refused = {
        "1": WriteResult("1", WriteOutcome.RETRY, "busy"),
        "2": WriteResult("2", WriteOutcome.GONE),
    }
    at.queue("10.0", 1, 2)
    with pytest.raises(RetryLater) as waits:
        at.deliver(1, 2)
    assert waits.value.after_seconds == 2
    with at.world.services.store.reading() as session:
        assert session.execute(sa.select(table.c.record_id)).scalars().all() == [1]
    at.world.crm.refused = {}
    at.world.clock.sleep(2)
    assert at.deliver(1) == 1


def test_a_claim_is_renewed_while_the_crm_is_waited_for(at: Desk) -> None:
    """However long it takes, nobody else takes the row for lost."""
    at.world.services = replace(at.world.services, lease_seconds=0.03)

    def leased_until() -> datetime:
        with at.world.services.store.reading() as session:
            return session.execute(sa.select(table.c.leased_until)).scalar_one()

    def trouble(operation: str) -> None:
        if operation == "write":
            at.world.crm.trouble = lambda _operation: None
            at.world.clock.sleep(3600)
            while leased_until() <= at.world.clock.now():
                pass
            with pytest.raises(RetryLater):
                at.deliver(1)

    at.queue("10.0", 1)
    at.world.crm.trouble = trouble
    assert at.deliver(1) == 1
    assert at.world.crm.writes == ["1"]
