"""Salesforce's two ways of writing: few rows by Collections, many by a Bulk job, and orgs whose own code fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from connector.adapters.contract import CrmAdapter
from connector.adapters.salesforce import ingest, score_writes
from connector.adapters.salesforce.session import Session
from connector.errors import LostLease, RetryLater
from connector.records import Scale, ScoreWrite, WriteOutcome, WriteResult
from connector.sandbox.faults import Fault, FaultKind
from connector.sandbox.salesforce.schema import parsed
from connector.services import fencing
from tests.contract.salesforce_world import ORG, SalesforceWorld
from tests.contract.test_writing import dies, lost, writes_for
from tests.died import Died

JOBS = "jobs/ingest"
FEW = 3
"""Rows above which these tests take a job, where they do not need two thousand."""


@pytest.fixture
def org() -> Iterator[SalesforceWorld]:
    """An org with a few people, two of them converted."""
    world = SalesforceWorld()
    world.fill(10)
    yield world
    world.stop()


@pytest.fixture
def by_job(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a handful of rows be a job."""
    monkeypatch.setattr(score_writes, "BULK_FROM", FEW)


def writer(world: SalesforceWorld) -> CrmAdapter:
    """Return an adapter of an org whose score fields are made."""
    grant = world.install()
    return world.connect(grant, world.connect(grant).ensure_score_fields())


def outcomes(results: Sequence[WriteResult]) -> Counter[WriteOutcome]:
    """Count the results by their outcome."""
    return Counter(result.outcome for result in results)


def asked(world: SalesforceWorld, before: int) -> Counter[str]:
    """Count the requests since ``before`` by what they were for."""
    return Counter(path.rpartition("/")[2] if JOBS in path else "collections" for path in world.paths()[before:])


def test_a_job_writes_shares_as_well(org: SalesforceWorld, by_job: None) -> None:
    """The CSV holds the same digits as JSON does."""
    adapter, ids = writer(org), sorted(org.leads())
    made = writes_for(org, ids)
    writes = [replace(one, values=replace(one.values, score=Decimal("72.3"), scale=Scale.UNIT)) for one in made]
    assert outcomes(adapter.write_scores(writes)) == {WriteOutcome.WRITTEN: len(ids)}
    assert {texts["lead_score"] for texts in adapter.read_scores(ids).values()} == {"0.723"}


def test_a_field_of_one_decimal_holds_no_shares(org: SalesforceWorld) -> None:
    """Salesforce would round them without a word: its admin is told where to give the field its decimals."""
    for source in ("Lead", "Contact"):
        org.hub.schema.objects[source].add(parsed("Lead_Score__c double(4,1)", custom=True))
    adapter = writer(org)
    assert adapter.unfit_for(Scale.HUNDRED) is None
    refusal = adapter.unfit_for(Scale.UNIT)
    assert refusal
    assert "The field Lead_Score__c on Lead and Contact keeps fewer than 3 decimals" in str(refusal)
    assert "let the field have 3 decimal places" in refusal.remedy


def test_many_rows_of_one_object_are_one_job(org: SalesforceWorld) -> None:
    """Above two thousand; each row has its own answer, nobody's owner moves, and the job is gone in the end."""
    org.crowd(2_001 - len(org.leads()))
    adapter, ids = writer(org), sorted(org.person_ids())
    owners = {lead: org.rows("Lead")[lead]["OwnerId"] for lead in org.leads()}
    writes, before = writes_for(org, ids), org.requests()
    results = adapter.write_scores(writes)
    assert [result.record_id for result in results] == ids
    assert outcomes(results) == {WriteOutcome.WRITTEN: len(ids)}
    spent = asked(org, before)
    assert spent["collections"] == 1
    assert spent.total() <= 10
    assert not org.hub.jobs.all("ingest")
    assert adapter.read_scores(ids) == {write.record_id: adapter.rendered(write.values) for write in writes}
    assert {lead: org.rows("Lead")[lead]["OwnerId"] for lead in owners} == owners


def test_two_thousand_rows_are_ten_requests(org: SalesforceWorld) -> None:
    """A job would cost as much and take longer."""
    org.crowd(2_000 - len(org.leads()))
    adapter, before = writer(org), org.requests()
    assert outcomes(adapter.write_scores(writes_for(org, org.leads()))) == {WriteOutcome.WRITTEN: 2_000}
    assert org.requests() - before == 10


@pytest.mark.usefixtures("by_job")
def test_a_jobs_outcomes_are_joined_by_id(org: SalesforceWorld) -> None:
    """In whichever order they come; who is gone or converted is told so, the others are written."""
    adapter = writer(org)
    good = org.leads()
    org.delete_person(good[1])
    org.convert(good[2], opportunity=False)
    writes = [*writes_for(org, good), *writes_for(org, ["001000000000001AAA", good[0][:15]])]
    results = adapter.write_scores(writes)
    assert [result.record_id for result in results] == [write.record_id for write in writes]
    told = {result.record_id: result.outcome for result in results}
    gone = {good[1], good[2], "001000000000001AAA"}
    assert {key for key, outcome in told.items() if outcome is WriteOutcome.GONE} == gone
    assert {outcome for key, outcome in told.items() if key not in gone} == {WriteOutcome.WRITTEN}
    held = adapter.read_scores([good[0]])[good[0]]
    assert held == adapter.rendered(writes[-1].values)


@pytest.mark.usefixtures("by_job")
def test_a_job_clears_what_is_empty_and_keeps_what_is_hard(org: SalesforceWorld) -> None:
    """An empty cell would leave the old reasons; quotes, commas, newlines and scripts arrive as they are."""
    adapter = writer(org)
    hard = ('Said "yes", twice.', "Müller 株式会社;\tx", "=1+1")
    for reasons in (hard, ()):
        writes = [
            ScoreWrite(item.record_id, replace(item.values, reasons=reasons))
            for item in writes_for(org, org.leads()[:5])
        ]
        assert outcomes(adapter.write_scores(writes)) == {WriteOutcome.WRITTEN: 5}
        for write in writes:
            stored = org.rows("Lead")[write.record_id]["Lead_Score_Reasons__c"]
            assert stored == ("\n".join(reasons) or None)


@pytest.mark.usefixtures("by_job")
def test_rows_that_a_job_found_locked_are_written_by_collections(org: SalesforceWorld) -> None:
    """Only they are sent again."""
    adapter, before = writer(org), org.requests()
    org.strike(Fault(FaultKind.LOCKED, path=JOBS, method="PATCH"))
    results = adapter.write_scores(writes_for(org, org.leads()))
    assert outcomes(results) == {WriteOutcome.WRITTEN: len(org.leads())}
    assert asked(org, before)["collections"] == 1


@pytest.mark.usefixtures("by_job")
def test_a_job_without_the_fields_needs_the_admin(org: SalesforceWorld) -> None:
    """It fails as a whole and is not tried another way; the remedy is the same as ever."""
    adapter = org.connect()
    before = org.requests()
    results = adapter.write_scores(writes_for(org, org.leads()))
    assert outcomes(results) == {WriteOutcome.NEEDS_ADMIN: len(org.leads())}
    assert all("let the fields be made" in result.message for result in results)
    assert not asked(org, before)["collections"]


@pytest.mark.usefixtures("by_job")
def test_a_job_that_stands_in_the_queue_is_taken_back() -> None:
    """After ten minutes and few questions; its rows are written by Collections."""
    world = SalesforceWorld(replace(ORG, job_seconds=3600.0))
    world.fill(10)
    adapter, before, since = writer(world), world.requests(), world.clock.monotonic()
    results = adapter.write_scores(writes_for(world, world.leads()))
    assert outcomes(results) == {WriteOutcome.WRITTEN: len(world.leads())}
    assert 300 < world.clock.monotonic() - since < 900
    assert world.requests() - before <= 35
    assert not world.hub.jobs.all("ingest")
    world.clock.sleep(7200)
    assert adapter.read_scores(world.leads()[:1])
    world.stop()


@pytest.mark.usefixtures("by_job")
def test_a_job_that_somebody_deletes_is_replaced_by_collections(
    org: SalesforceWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An admin may clear Setup's list of jobs at any time."""
    adapter, poll = writer(org), Session.poll

    def deleted(session: Session, operation: str, path: str, *, turns: int = 1) -> dict[str, Any]:
        for job in org.hub.jobs.all("ingest"):
            org.hub.jobs.forget(job)
        return poll(session, operation, path, turns=turns)

    monkeypatch.setattr(Session, "poll", deleted)
    results = adapter.write_scores(writes_for(org, org.leads()))
    assert outcomes(results) == {WriteOutcome.WRITTEN: len(org.leads())}


@pytest.mark.usefixtures("by_job")
def test_an_upload_that_was_sent_twice_spoils_nothing_but_its_job(
    org: SalesforceWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the answer to the first was lost: the job is taken back and the rows go another way."""
    adapter, lean = writer(org), Session.lean

    def twice(session: Session, operation: str, method: str, *args: Any, **kwargs: Any) -> Any:
        if method == "PUT":
            lean(session, operation, method, *args, **kwargs)
        return lean(session, operation, method, *args, **kwargs)

    monkeypatch.setattr(Session, "lean", twice)
    results = adapter.write_scores(writes_for(org, org.leads()))
    assert outcomes(results) == {WriteOutcome.WRITTEN: len(org.leads())}
    assert not org.hub.jobs.all("ingest")


@pytest.mark.usefixtures("by_job")
def test_a_job_that_can_not_be_asked_about_leaves_its_rows_in_doubt(org: SalesforceWorld) -> None:
    """Throttled while it runs: the whole batch comes back later, and reading back shows that it was written."""
    adapter = writer(org)
    writes = writes_for(org, org.leads())
    org.strike(Fault(FaultKind.RATE_LIMIT, path=JOBS, method="GET", times=50))
    with pytest.raises(RetryLater):
        adapter.write_scores(writes)
    org.strike()
    org.clock.sleep(60)
    held = adapter.read_scores(org.leads())
    assert held == {write.record_id: adapter.rendered(write.values) for write in writes}


@pytest.mark.usefixtures("by_job")
def test_a_job_whose_claim_may_be_lost_is_never_started(org: SalesforceWorld) -> None:
    """What was uploaded is taken back."""
    adapter = writer(org)
    before = adapter.read_scores(org.leads())
    with fencing.fenced(lost), pytest.raises(LostLease):
        adapter.write_scores(writes_for(org, org.leads()))
    org.clock.sleep(60)
    assert not org.hub.jobs.all("ingest")
    assert adapter.read_scores(org.leads()) == before


@pytest.mark.usefixtures("by_job")
@pytest.mark.parametrize("wait", [0.0, 60.0])
def test_a_job_that_nobody_waits_for_is_stopped(
    org: SalesforceWorld, monkeypatch: pytest.MonkeyPatch, wait: float
) -> None:
    """What its worker noted before it began is enough for it; one that has ended, or is gone, is none any more."""
    adapter = writer(org)
    before = adapter.read_scores(org.leads())
    with monkeypatch.context() as patched:
        patched.setattr(ingest, "outcomes", dies)
        with pytest.raises(Died):
            adapter.write_scores(writes_for(org, org.leads()))
    (job,) = org.jobs
    org.clock.sleep(wait)
    adapter.stop_job(job)
    adapter.stop_job(job)
    org.clock.sleep(60)
    assert (adapter.read_scores(org.leads()) == before) is (wait == 0.0)
    assert not org.hub.jobs.all("ingest")


@pytest.mark.usefixtures("by_job")
def test_a_job_that_salesforce_does_not_let_go_of_may_still_write(
    org: SalesforceWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody takes it for stopped."""
    adapter = writer(org)
    with monkeypatch.context() as patched:
        patched.setattr(ingest, "outcomes", dies)
        with pytest.raises(Died):
            adapter.write_scores(writes_for(org, org.leads()))
    (job,) = org.jobs
    org.strike(Fault(FaultKind.RATE_LIMIT, path=JOBS, method="PATCH", times=50))
    with pytest.raises(RetryLater):
        adapter.stop_job(job)


@pytest.mark.usefixtures("by_job")
def test_jobs_that_are_over_are_told_so(org: SalesforceWorld) -> None:
    """Whether they wrote or were taken back before they began."""
    adapter = writer(org)
    adapter.write_scores(writes_for(org, org.leads()))
    with fencing.fenced(lost), pytest.raises(LostLease):
        adapter.write_scores(writes_for(org, org.leads()))
    assert not org.jobs


@pytest.mark.parametrize("few", [FEW, 2_000])
def test_one_row_that_the_orgs_code_fails_on_stands_alone(
    org: SalesforceWorld, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    """It fails all that it is saved with; its neighbours are written, and it is told apart in few requests."""
    monkeypatch.setattr(score_writes, "BULK_FROM", few)
    org.crowd(400)
    adapter, before = writer(org), org.requests()
    bad = org.leads()[137]
    org.strike(Fault(FaultKind.TRIGGER, record=bad, times=None))
    results = adapter.write_scores(writes_for(org, org.leads()))
    refused = [result for result in results if result.outcome is not WriteOutcome.WRITTEN]
    assert [(item.record_id, item.outcome) for item in refused] == [(bad, WriteOutcome.NEEDS_ADMIN)]
    assert "A trigger of the org failed" in refused[0].message
    assert asked(org, before)["collections"] <= 25


@pytest.mark.parametrize("few", [FEW, 2_000])
def test_an_org_that_takes_no_full_request_gets_smaller_ones(
    org: SalesforceWorld, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    """What it takes is found by halving, and remembered: the next batch begins there, and is no job."""
    monkeypatch.setattr(score_writes, "BULK_FROM", few)
    org.crowd(400 - len(org.leads()))
    adapter, before = writer(org), org.requests()
    org.strike(Fault(FaultKind.TRIGGER, rows=30, times=None))
    assert outcomes(adapter.write_scores(writes_for(org, org.leads()))) == {WriteOutcome.WRITTEN: 400}
    assert asked(org, before)["collections"] <= 2 * 400 / 25
    before = org.requests()
    assert outcomes(adapter.write_scores(writes_for(org, org.leads()))) == {WriteOutcome.WRITTEN: 400}
    assert asked(org, before) == {"collections": 400 / 25}


def test_an_org_whose_code_fails_on_every_row_is_not_asked_for_ever(org: SalesforceWorld) -> None:
    """A few rows are shown to the admin, the others wait for another time."""
    org.crowd(200 - len(org.leads()))
    adapter, before = writer(org), org.requests()
    org.strike(Fault(FaultKind.TRIGGER, rows=0, times=None))
    results = adapter.write_scores(writes_for(org, org.leads()))
    assert outcomes(results) == {WriteOutcome.NEEDS_ADMIN: 3, WriteOutcome.RETRY: 197}
    assert org.requests() - before <= 12
    org.strike()
    assert outcomes(adapter.write_scores(writes_for(org, org.leads()))) == {WriteOutcome.WRITTEN: 200}
