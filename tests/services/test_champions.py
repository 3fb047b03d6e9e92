"""Models take each other's place: by the rule, by a person's word, and back with exactly the former scores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace
from typing import cast
from uuid import UUID

import pytest
import sqlalchemy as sa

from connector.errors import RejectedInput
from connector.records import Actor, EngagementEvent, EventKind, Record
from connector.services import acts, pipeline, schedules, snapshot
from connector.services.champions import asking, choosing, restoring
from connector.services.job import Job
from connector.store import experiments, ledger, models, runs, tenants
from connector.store.runs import RunStatus
from connector.store.session import Store
from connector.store.tables import models as model_table
from connector.store.tables import scores
from scoring.champions.growth import matured_conversions
from tests.services import shifting as shifts
from tests.services.office import FIRST, SECOND, THIRD, Office, moved, opened
from tests.unit.scoring.worlds import AS_OF, dated
from tests.world import NOW


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with opened(tmp_path_factory.mktemp("champions"), tried=False) as made:
        yield made


@pytest.fixture
def office(original: Office, store: Store, monkeypatch: pytest.MonkeyPatch) -> Office:
    return moved(original, store, monkeypatch)


def test_a_model_that_is_refused_scores_nobody(office: Office) -> None:
    """The former one goes on, and the run says so; what was decided is on the record with its reason."""
    before = office.shown()
    run = office.run(pipeline.RETRAIN, "refused")
    assert (run.status, run.model) == (RunStatus.DONE, FIRST)
    assert office.states() == {FIRST: "champion", SECOND: "refused"}
    assert office.shown() == before
    assert [(act["model"], act["why"]) for act in office.said("new model refused")] == [(SECOND, "It is refused.")]
    with office.world.services.store.reading() as session:
        detail = runs.stages(session, run.id)["train"].detail
    assert detail == "Not published; the former model goes on scoring. It is refused."


def test_a_model_that_waits_scores_once_it_is_approved(office: Office) -> None:
    """By one who may; it is told which model scores, and everybody is scored by it."""
    office.run(pipeline.RETRAIN, "waiting")
    assert office.by() == {FIRST}
    with acts.asked_by("a person"):
        choosing.approve(office.world.services, office.tenant_id, SECOND)
    office.world.work()
    assert office.states() == {FIRST: "retired", SECOND: "champion"}
    assert office.by() == {SECOND}
    assert office.said("publish")[-1] | {"sha256": ""} == {
        "action": "publish",
        "by": "a person",
        "model": SECOND,
        "why": "approved",
        "sha256": "",
    }
    with pytest.raises(RejectedInput, match="does not wait"):
        choosing.approve(office.world.services, office.tenant_id, SECOND)


def test_a_model_that_waits_may_be_refused_or_overtaken(office: Office) -> None:
    """It then never scores; of several that wait only the newest is asked about."""
    office.run(pipeline.RETRAIN, "waiting")
    office.run(pipeline.RETRAIN, "waiting")
    assert office.states() == {FIRST: "champion", SECOND: "refused", THIRD: "waiting"}
    choosing.refuse(office.world.services, office.tenant_id, THIRD)
    assert office.states()[THIRD] == "refused"
    for version in (SECOND, THIRD):
        with pytest.raises(RejectedInput):
            choosing.approve(office.world.services, office.tenant_id, version)


def test_a_rollback_brings_exactly_the_former_scores_back(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Score, chance, tier, reasons and model are those of before, in the CRM and in the ledger, as new entries."""
    before, former = office.shown(), {entry.lead_id: entry.body for entry in office.scored()}
    office.run(pipeline.RETRAIN)
    # What the CRM holds in the end is so near to what it held that no ordinary pass would write it.
    monkeypatch.setattr(shifts, "STEP", 5)
    office.run(pipeline.REFRESH)
    assert office.states() == {FIRST: "retired", SECOND: "champion"}
    shown = office.shown()
    assert all(shown[name]["lead_score"] != values["lead_score"] for name, values in before.items())
    office.roll_back()
    assert office.states() == {FIRST: "champion", SECOND: "retired"}
    assert office.shown() == before
    assert office.newest().status is RunStatus.DONE
    since = [entry for entry in office.scored() if entry.body and entry.body["requester"] == "rollback"]
    assert {entry.lead_id for entry in since} == set(former)
    changing = {"run", "requester", "trigger", "as_of"}
    for entry in since:
        assert entry.body
        assert entry.body["trigger"]["rollback"] == FIRST
        known = former[entry.lead_id] or {}
        assert {k: v for k, v in entry.body.items() if k not in changing} == {
            k: v for k, v in known.items() if k not in changing
        }
    with office.world.services.store.reading() as session:
        assert ledger.verify(session, office.tenant_id).good
    assert [(act["model"], act["instead_of"]) for act in office.said("roll back")] == [(FIRST, SECOND)]


def test_after_a_rollback_the_former_model_scores(office: Office) -> None:
    """The next pass goes by it, and the next training is told that a person brought it back."""
    office.run(pipeline.RETRAIN)
    office.roll_back()
    before = office.shown()
    assert office.run(pipeline.REFRESH).model == FIRST
    assert office.shown() == before
    office.run(pipeline.RETRAIN, "waiting")
    champion = office.model.wanted[-1].champion
    assert champion
    assert (champion.version, champion.restored_at is not None) == (FIRST, True)


def test_who_came_since_is_scored_by_the_former_model(office: Office) -> None:
    """They had no score before; they keep no other model's."""
    from connector.records import Page

    office.run(pipeline.RETRAIN)
    fresh = Record("9000", "new@firm1.com", NOW, NOW, {"city": "Porto", "size": "10"})
    click = EngagementEvent("clicks", "9000-1", EventKind.EMAIL_CLICKED, NOW, Actor.LEAD, "9000")
    office.world.crm.pages["people"].append(replace(Page(cursor={}, drained=False), records=(fresh,)))
    office.world.crm.pages["clicks"].append(replace(Page(cursor={}, drained=False), events=(click,)))
    office.run(pipeline.REFRESH)
    assert (len(office.shown()), office.by()) == (61, {SECOND})
    office.roll_back()
    assert office.by() == {FIRST}


def test_a_rollback_that_is_interrupted_is_gone_on_with(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each lead is restored once."""
    before = office.shown()
    office.run(pipeline.RETRAIN)
    monkeypatch.setattr(restoring, "_CHUNK", 20)
    asked = iter([False, False, True])
    calm = office.world.services
    office.world.services = replace(calm, stopping=lambda: next(asked, False))
    office.roll_back()
    assert next(asked, None) is None
    restored = [entry for entry in office.scored() if entry.body and entry.body["requester"] == "rollback"]
    assert sorted(entry.lead_id or 0 for entry in restored) == list(range(1, 61))
    assert office.shown() == before


def test_what_was_being_scored_by_the_other_model_comes_too_late(office: Office) -> None:
    """A pass under way goes on by the model that scores now, and leaves the restored scores alone."""
    before = office.shown()
    office.run(pipeline.RETRAIN)
    told = len(office.scored())
    office.model.meanwhile = lambda: choosing.roll_back(office.world.services, office.tenant_id)
    office.run(pipeline.REFRESH)
    for _ in range(3):
        office.world.clock.sleep(60)
        pipeline.sweep(office.world.services)
        office.world.work()
    assert office.shown() == before
    assert {entry.body["model"] for entry in office.scored()[told:] if entry.body} == {FIRST}


def test_a_model_that_was_compared_with_another_one_waits(office: Office) -> None:
    """Its figures say nothing of the model that was brought back while it was trained."""
    office.run(pipeline.RETRAIN)
    office.model.meanwhile = lambda: choosing.roll_back(office.world.services, office.tenant_id)
    office.run(pipeline.RETRAIN, "published")
    assert office.states() == {FIRST: "champion", SECOND: "retired", THIRD: "waiting"}


def test_more_to_learn_from_brings_the_next_training_forward(office: Office) -> None:
    """By the tenant's share, counted from the last training, whatever became of that."""
    services, history = office.world.services, dated(200)
    schedules.enter(services)
    job = cast(
        Job, SimpleNamespace(services=services, tenant_id=office.tenant_id, run=replace(office.newest(), as_of=AS_OF))
    )
    with services.store.reading() as session:
        goal = snapshot.goal_of(tenants.get(session, office.tenant_id).settings)
    matured = matured_conversions(history, goal, AS_OF)
    for before, asked in ((0, 0), (matured, 0), (round(matured / 1.1), 0), (round(matured / 1.3), 1), (1, 1)):
        with services.store.transaction() as session:
            session.execute(sa.update(model_table).values(report={"matured": before}))
        asking.ask_if_grown(job, history)
        assert len(office.said("ask for retraining")) == asked
    assert f"{matured:,} matured conversions" in office.said("ask for retraining")[0]["why"]


def test_there_is_no_way_back_from_the_first_model_nor_twice(office: Office) -> None:
    """A sentence says so, and nothing changes; from the third it leads to the second, then to the first."""
    with pytest.raises(RejectedInput, match="no former model"):
        choosing.roll_back(office.world.services, office.tenant_id)
    shown = [office.shown()]
    for _ in range(2):
        office.run(pipeline.RETRAIN)
        shown.append(office.shown())
    office.roll_back()
    assert (office.states()[SECOND], office.shown()) == ("champion", shown[1])
    office.roll_back()
    assert (office.states()[FIRST], office.shown()) == ("champion", shown[0])
    with pytest.raises(RejectedInput, match="no former model"):
        choosing.roll_back(office.world.services, office.tenant_id)
    with office.world.services.store.reading() as session:
        query = sa.select(sa.func.count()).where(model_table.c.status == models.CHAMPION)
        assert session.execute(query).scalar_one() == 1


def test_whose_scores_were_held_back_is_told_to_the_training(office: Office) -> None:
    """Of holdouts alone, and only who came into the band while it ran."""
    store, now = office.world.services.store, office.world.clock.now()
    with store.transaction() as session:
        first, second, third = session.execute(sa.select(scores.c.lead_id).limit(3)).scalars()
        for number, kind in enumerate((experiments.HOLDOUT, experiments.LINES)):
            trial = experiments.Experiment(
                UUID(int=number),
                office.tenant_id,
                Decimal("0.2"),
                "k",
                "deal_won",
                30,
                9,
                {},
                now,
                None,
                None,
                (),
                kind,
            )
            experiments.begin(session, trial)
            experiments.add(session, trial, {first: ("a", True), second: ("b", False), third: ("c", False)}, now)
            experiments.count_from(session, trial, [first, second], now)
    office.run(pipeline.RETRAIN)
    assert office.model.wanted[-1].arms == [(first, True, 0.2, now, None), (second, False, 0.2, now, None)]
