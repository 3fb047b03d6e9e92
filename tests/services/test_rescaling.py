"""The scale of the written number is changed: every value follows, once, and is compared on its own scale meanwhile."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from connector.errors import NeedsAdmin, RejectedInput, RetryLater
from connector.records import Scale
from connector.services import pipeline, publication, rescaling, verification
from connector.services.reports.publication import publication_report
from connector.store import connections, tenants
from connector.store.session import Store
from tests.databases import sqlite_store
from tests.fakecrm import FakeAdapter
from tests.services.delivering import Desk, desk
from tests.services.office import moved, opened


@pytest.fixture
def at(store: Store) -> Desk:
    """An account whose three records hold 72.3."""
    made = desk(store)
    made.queue("72.3", 1, 2, 3)
    made.run()
    return made


def choose(at: Desk, scale: str) -> None:
    """Choose a scale, and let its delivery be done."""
    assert rescaling.choose(at.world.services, at.tenant_id, scale)
    at.world.work()


def answers(at: Desk) -> list[dict[str, object]]:
    """What the ledger says of the deliveries."""
    return [body for body in map(json.loads, at.said()) if "answer" in body]


def no_answer(operation: str) -> None:
    """Let a write arrive, and its answer not."""
    if operation == "written":
        raise RetryLater("away")


def test_what_is_held_is_written_again_on_the_new_scale_and_on_the_way_back(at: Desk) -> None:
    """Once each way, in exact decimals; the ledger tells what was written, and from which score."""
    choose(at, "1")
    assert at.held() == {"1": "0.723", "2": "0.723", "3": "0.723"}
    assert at.world.crm.writes == [*"123123"]
    at.run()
    choose(at, "100")
    assert at.held() == {"1": "72.3", "2": "72.3", "3": "72.3"}
    assert at.world.crm.writes == [*"123123123"]
    told = answers(at)
    assert [body["written"] for body in told] == ["72.3"] * 3 + ["0.723"] * 3 + ["72.3"] * 3
    assert [body["scored"] for body in told] == [1, 2, 3] * 3
    acts = [body for body in map(json.loads, at.said()) if body.get("action") == "set scale"]
    assert [body["scale"] for body in acts] == ["1", "100"]


def test_the_same_again_and_there_and_back_at_once_write_nothing(at: Desk) -> None:
    """What the CRM holds is not sent again because somebody changed their mind."""
    assert not rescaling.choose(at.world.services, at.tenant_id, "100")
    at.set(delivery="dry-run")
    choose(at, "1")
    choose(at, "100")
    at.set(delivery="on")
    at.run()
    assert len(at.world.crm.writes) == 3


def test_the_night_is_kept_and_a_record_is_compared_on_the_scale_that_it_holds(at: Desk) -> None:
    """With two writes left a third record follows the next night; nobody is said to have overwritten it."""
    at.set(nightly_cap=5)
    choose(at, "1")
    assert sorted(at.held().values()) == ["0.723", "0.723", "72.3"]
    report = verification.verify_sample(at.world.services, at.connection_id)
    assert (report.sampled, report.differing) == (2, 0)
    at.world.clock.at += timedelta(days=1)
    at.run()
    assert set(at.held().values()) == {"0.723"}
    assert verification.verify_sample(at.world.services, at.connection_id).equal == 3


def test_a_step_is_in_points_on_either_scale(at: Desk) -> None:
    """Less than a point is not worth a write; a point is."""
    choose(at, "1")
    for score, held in (("72.9", "0.723"), ("73.3", "0.733")):
        at.world.clock.sleep(60)
        at.queue(score, 1, scale="1")
        at.run()
        assert at.held()["1"] == held


def test_what_is_under_way_follows_once_it_is_answered(at: Desk) -> None:
    """Its answer is about the old scale: the row does not come to rest with it."""
    chosen: list[str] = []

    def trouble(operation: str) -> None:
        if operation == "write" and not chosen:
            chosen.append("1")
            assert rescaling.choose(at.world.services, at.tenant_id, "1")
            at.world.work()

    at.world.clock.sleep(60)
    at.queue("90.0", 1)
    at.world.crm.trouble = trouble
    at.deliver(1)
    at.run()
    assert [body["written"] for body in answers(at) if body["record"] == "1"] == ["72.3", "90.0", "0.9"]
    assert at.held() == {"1": "0.9", "2": "0.723", "3": "0.723"}


def test_what_was_in_doubt_follows_too(at: Desk) -> None:
    """The CRM is asked on the scale on which it was written."""
    at.world.clock.sleep(60)
    at.queue("90.0", 1)
    at.world.crm.trouble = no_answer
    with pytest.raises(RetryLater):
        at.deliver(1)
    at.world.crm.trouble = lambda _operation: None
    at.world.clock.sleep(600)
    choose(at, "1")
    assert at.held() == {"1": "0.9", "2": "0.723", "3": "0.723"}
    assert [body["written"] for body in answers(at)].count("90.0") == 1


def test_what_was_left_to_who_overwrote_it_stays_theirs(at: Desk) -> None:
    """A change of the scale takes nobody's word back; their reset writes ours on the scale of today."""
    at.set(overwritten="respect")
    at.world.crm.held["1"]["lead_score"] = "5"
    verification.verify_sample(at.world.services, at.connection_id)
    at.run()
    choose(at, "1")
    assert at.held() == {"1": "5", "2": "0.723", "3": "0.723"}
    publication.reset(at.world.services, at.tenant_id, at.connection_id)
    at.world.work()
    assert at.held()["1"] == "0.723"


def test_a_dry_run_shows_the_number_as_it_would_be_written(at: Desk) -> None:
    """And beside it what the CRM holds, on the scale of that."""
    at.set(delivery="dry-run")
    choose(at, "1")
    (account,) = publication_report(at.world.services, at.tenant_id).accounts
    assert [(str(one.score), str(one.before)) for one in account.examples] == [("0.723", "72.3")] * 3
    assert set(at.held().values()) == {"72.3"}


def test_a_field_that_can_not_hold_it_is_refused_before_anything_changes(
    at: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what its admin has to do, and so is no scale at all."""
    refusal = NeedsAdmin("The field keeps one decimal.", remedy="Give it three.")
    monkeypatch.setattr(FakeAdapter, "unfit_for", lambda _self, scale: refusal if scale is Scale.UNIT else None)
    with at.world.services.store.transaction() as session:
        connections.save_field_names(session, at.connection_id, {"lead_score": "lead_score"})
    for text, error in (("1", NeedsAdmin), ("10", RejectedInput), ("", RejectedInput)):
        with pytest.raises(error):
            rescaling.choose(at.world.services, at.tenant_id, text)
    with at.world.services.store.reading() as session:
        assert tenants.get(session, at.tenant_id).settings.scale == "100"


def test_passes_and_a_rollback_write_on_the_chosen_scale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rollback restores exactly; the ledger's scores stay points."""
    with opened(tmp_path, tried=False) as made:
        office = moved(made, sqlite_store(tmp_path / "own.db"), monkeypatch)
    services = office.world.services
    points = {name: values["lead_score"] for name, values in office.shown().items()}
    assert rescaling.choose(services, office.tenant_id, "1")
    office.world.work()
    before = office.shown()
    assert {name: str(float(values["lead_score"]) * 100)[:4] for name, values in before.items()} == {
        name: str(float(score))[:4] for name, score in points.items()
    }
    written = len(office.world.crm.writes)
    office.run(pipeline.REFRESH)
    assert len(office.world.crm.writes) == written
    office.run(pipeline.RETRAIN)
    assert all(0 <= float(values["lead_score"]) <= 1 for values in office.shown().values())
    assert office.shown() != before
    office.roll_back()
    assert office.shown() == before
    assert {str(entry.body["score"]) for entry in office.scored() if entry.body} >= set(points.values())
