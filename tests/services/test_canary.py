"""A model is tried on a share of the companies: who is scored by what, how it ends, and what stands then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from connector.errors import RejectedInput
from connector.services import again, pipeline
from connector.services.champions import canary, choosing, entering, serving, setting, trying
from connector.services.champions.entering import Trial
from connector.services.champions.setting import Cadence
from connector.services.digest import alerts
from connector.store import companies, experiments, ledger, models, outbox, tenants
from connector.store.session import Store
from connector.store.tables import experiment_leads, leads, records, scores
from connector.store.tables import models as model_table
from connector.store.tables import outbox as outbox_table
from scoring.experiments.assignment import place, unit_of
from tests.services.office import FIRST, SECOND, THIRD, Office, moved, opened

HALF = Trial(Decimal("0.5"), 7, 1.0)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with opened(tmp_path_factory.mktemp("canary"), tried=True) as made:
        yield made


@pytest.fixture
def office(original: Office, store: Store, monkeypatch: pytest.MonkeyPatch) -> Office:
    """A second model waits for a person's word."""
    return moved(original, store, monkeypatch)


def begin(office: Office, trial: Trial = HALF) -> experiments.Experiment:
    """Begin a trial, and let it take effect."""
    office.world.clock.sleep(3600)
    trying.begin(office.world.services, office.tenant_id, SECOND, trial)
    office.world.work()
    return running(office)


def running(office: Office) -> experiments.Experiment:
    with office.world.services.store.reading() as session:
        found = experiments.running(session, office.tenant_id, experiments.MODELS)
    assert found
    return found


def by_lead(office: Office) -> Mapping[int, tuple[str, str]]:
    """Lead → its company and the model of its score."""
    query = sa.select(leads.c.id, leads.c.company_key, scores.c.model).join(scores, scores.c.lead_id == leads.c.id)
    with office.world.services.store.reading() as session:
        return {row.id: (row.company_key, row.model) for row in session.execute(query)}


def expected(trial: experiments.Experiment, company: str) -> str:
    """By which model a company's people are to be scored, counted anew."""
    return SECOND if place(unit_of(trial.key, company)) < float(trial.share) else FIRST


def test_companies_fall_to_both_models_and_the_ledger_names_which(office: Office) -> None:
    """By the keyed hash, everywhere alike; what is not the challenger's is not touched."""
    before = office.shown()
    trial = begin(office)
    found = by_lead(office)
    assert all(model == expected(trial, company) for company, model in found.values())
    assert {model for _, model in found.values()} == {FIRST, SECOND}
    told = {entry.lead_id: entry.body["model"] for entry in office.scored() if entry.body}
    assert told == {lead: model for lead, (_, model) in found.items()}
    changed = {name for name, values in office.shown().items() if values != before[name]}
    assert len(changed) == sum(model == SECOND for _, model in found.values())
    with office.world.services.store.reading() as session:
        named = {row.company_key: row.model for row in companies.page(session, office.tenant_id, after=None, limit=99)}
    assert named == dict(found.values())
    act = office.said("begin trial of a model")[-1]
    assert (act["model"], act["beside"]) == (SECOND, FIRST)
    assert trial.key not in str(act)


def test_the_lane_and_the_night_score_by_the_same_arm(office: Office) -> None:
    """Asked for by the API, and in a pass over everybody."""
    trial = begin(office)
    services, before = office.world.services, by_lead(office)
    office.world.clock.sleep(3600)
    with services.store.transaction() as session:
        ready = again.score_anew(services, session, office.tenant_id, list(before))
    services.wake_all(ready)
    told = len(office.scored())
    office.world.work()
    fresh = office.scored()[told:]
    assert {entry.lead_id for entry in fresh} == set(before)
    assert {entry.body["requester"] for entry in fresh if entry.body} == {"webhook"}
    assert by_lead(office) == before
    office.run(pipeline.REFRESH)
    assert by_lead(office) == before
    assert running(office).id == trial.id


def test_withdrawing_brings_exactly_the_former_values_back(office: Office) -> None:
    """Of those whom it scored; nobody else is written, and it is refused from then on."""
    before = office.shown()
    trial = begin(office)
    others = {lead for lead, (_, model) in by_lead(office).items() if model == FIRST}
    told = len(office.scored())
    office.world.clock.sleep(60)
    trying.withdraw(office.world.services, office.tenant_id)
    office.world.work()
    assert office.shown() == before
    assert office.by() == {FIRST}
    assert office.states() == {FIRST: "champion", SECOND: "refused"}
    fresh = office.scored()[told:]
    assert {entry.body["requester"] for entry in fresh if entry.body} == {"withdrawal"}
    assert not {entry.lead_id for entry in fresh} & others
    assert office.said("withdraw model")[-1]["key"] == trial.key
    with pytest.raises(RejectedInput, match="No model is being tried"):
        trying.withdraw(office.world.services, office.tenant_id)
    with office.world.services.store.reading() as session:
        assert ledger.verify(session, office.tenant_id).broken_at is None


def test_a_rollback_after_a_promotion_restores_the_champion_alone(office: Office) -> None:
    """Not what the challenger had given while it was tried."""
    before = office.shown()
    begin(office)
    office.world.clock.sleep(60)
    trying.promote(office.world.services, office.tenant_id)
    office.world.work()
    assert office.by() == {SECOND}
    assert office.states() == {FIRST: "retired", SECOND: "champion"}
    office.roll_back()
    assert office.shown() == before
    assert office.by() == {FIRST}


def test_a_rollback_while_a_model_is_tried_withdraws_it(office: Office) -> None:
    """One click leads back, whatever else is on."""
    office.run(pipeline.RETRAIN)
    before = office.shown()
    office.run(pipeline.RETRAIN, "waiting")
    with office.world.services.store.reading() as session:
        (waits,) = models.waiting(session, office.tenant_id)
    trying.begin(office.world.services, office.tenant_id, waits, HALF)
    office.world.work()
    assert office.shown() != before
    office.roll_back()
    assert office.states()[waits] == "refused"
    assert office.by() == {FIRST}


def test_a_run_goes_on_by_the_new_arms_where_a_trial_begins_or_ends_meanwhile(office: Office) -> None:
    """Nothing that was computed before is kept after."""
    services = office.world.services
    office.model.meanwhile = lambda: trying.begin(services, office.tenant_id, SECOND, HALF)
    office.run(pipeline.REFRESH)
    trial = running(office)
    assert all(model == expected(trial, company) for company, model in by_lead(office).values())
    office.model.meanwhile = lambda: trying.withdraw(services, office.tenant_id)
    office.run(pipeline.REFRESH)
    assert office.by() == {FIRST}
    with services.store.reading() as session:
        acts_of = ledger.span(session, office.tenant_id, "admin")
        scored_of = ledger.span(session, office.tenant_id, "scored")
    ended = next(entry.seq for entry in acts_of if entry.body and entry.body["action"] == "withdraw model")
    assert {entry.body["model"] for entry in scored_of if entry.body and entry.seq > ended} == {FIRST}


def test_who_changes_the_company_meanwhile_is_scored_by_that_ones_model(office: Office) -> None:
    """A score that was made for the other arm is not kept; the lane makes the right one."""
    trial = begin(office)
    services = office.world.services
    lead, moved = next(
        (lead, company)
        for lead, (own, _) in by_lead(office).items()
        for company, _ in by_lead(office).values()
        if expected(trial, company) != expected(trial, own)
    )

    def move() -> None:
        with services.store.transaction() as session:
            session.execute(sa.update(leads).where(leads.c.id == lead).values(company_key=moved))

    office.model.meanwhile = move
    told = len(office.scored())
    office.run(pipeline.REFRESH)
    mine = [entry.body for entry in office.scored()[told:] if entry.lead_id == lead and entry.body]
    # Its record still tells the old address, so that the lane joins it to the old company again.
    assert [body["requester"] for body in mine] == ["webhook"]
    company, model = by_lead(office)[lead]
    assert model == expected(trial, company)


def test_a_newcomer_is_counted_in_the_arm_that_scored_it(office: Office) -> None:
    """From its first score on; who was there before is not."""
    trial = begin(office)
    with office.world.services.store.transaction() as session:
        lead = next(iter(by_lead(office)))
        session.execute(sa.update(leads).where(leads.c.id == lead).values(created_at=office.world.clock.now()))
    told = len(office.scored())
    office.run(pipeline.REFRESH)
    with office.world.services.store.reading() as session:
        (found,) = session.execute(sa.select(experiment_leads)).all()
    (model,) = {entry.body["model"] for entry in office.scored()[told:] if entry.body and entry.lead_id == lead}
    assert (found.lead_id, found.experiment_id, found.treated) == (lead, trial.id, model == SECOND)
    assert found.hot_at == found.added_at


def test_the_rule_promotes_once_the_days_are_over(office: Office) -> None:
    """Each look is kept with its sentence; nothing happens before."""
    begin(office)
    canary.watch(office.world.services, office.tenant_id)
    (look,) = running(office).watched or ()
    assert look["clause"] == "days"
    assert "Nothing is wrong" in look["sentence"]
    assert office.states() == {FIRST: "champion", SECOND: "challenger"}
    office.world.clock.sleep(7 * 86_400)
    # By luck the share may be smaller than the rule wants to have seen.
    with office.world.services.store.transaction() as session:
        session.execute(sa.update(scores).values(model=SECOND))
    canary.watch(office.world.services, office.tenant_id)
    office.world.work()
    assert office.states() == {FIRST: "retired", SECOND: "champion"}
    assert office.said("publish")[-1]["why"].startswith("promoted by the rule")


def test_the_rule_withdraws_where_deliveries_fail(office: Office) -> None:
    """And an alert says so."""
    before = office.shown()
    begin(office)
    services = office.world.services
    with services.store.transaction() as session:
        challenged = sa.select(scores.c.lead_id).where(scores.c.model == SECOND)
        mine = sa.select(records.c.id).where(records.c.lead_id.in_(challenged))
        dead = sa.update(outbox_table).where(outbox_table.c.record_id.in_(mine))
        session.execute(dead.values(status=outbox.OutboxStatus.DEAD))
    canary.watch(services, office.tenant_id)
    office.world.work()
    assert office.states() == {FIRST: "champion", SECOND: "refused"}
    assert "deliveries of its scores failed" in office.said("withdraw model")[-1]["why"]
    assert office.by() == {FIRST}
    assert set(office.shown()) == set(before)
    assert [one.key for one in alerts.withdrawn_model(services, office.tenant_id)] == [f"withdrawn:{SECOND}"]
    office.world.clock.sleep(8 * 86_400)
    assert not alerts.withdrawn_model(services, office.tenant_id)


def test_where_the_tenant_chose_so_a_better_model_is_tried_first(office: Office) -> None:
    """It is published by the rule after its days; what is trained meanwhile waits."""
    services = office.world.services
    setting.choose(services, office.tenant_id, Cadence(7, 0.2, 0.25, 5, 0.5))
    office.run(pipeline.RETRAIN, "published")
    states = office.states()
    assert (states[FIRST], states[THIRD]) == ("champion", "challenger")
    trial = running(office)
    assert (trial.share, trial.plan["limit"]) == (Decimal("0.5"), 0.25)
    assert trial.ends_at == trial.begun_at + timedelta(days=5)
    assert {model for _, model in by_lead(office).values()} == {FIRST, THIRD}
    office.run(pipeline.RETRAIN, "published")
    with services.store.reading() as session:
        (fourth,) = models.waiting(session, office.tenant_id)
        assert "is being tried" in models.of_status(session, office.tenant_id, fourth).decision["sentence"]  # type: ignore[union-attr] # it waits
    with pytest.raises(RejectedInput, match="Another model is being tried"):
        choosing.approve(services, office.tenant_id, fourth)
    with pytest.raises(RejectedInput, match="Another model is being tried"):
        trying.begin(services, office.tenant_id, fourth, HALF)


def test_only_a_model_that_waits_and_that_predicts_the_same_is_tried(office: Office) -> None:
    """A sentence says so, and nobody is scored by it."""
    services = office.world.services
    with pytest.raises(RejectedInput, match="does not wait"):
        trying.begin(services, office.tenant_id, FIRST, HALF)
    with services.store.transaction() as session:
        decision = {"sentence": "", "contest": {"other_goal": True}}
        session.execute(sa.update(model_table).where(model_table.c.version == SECOND).values(decision=decision))
    with pytest.raises(RejectedInput, match="something else"):
        trying.begin(services, office.tenant_id, SECOND, HALF)
    for form in ({}, {"share": "60", "days": "7", "limit": "10"}, {"share": "10", "days": "0", "limit": "10"}):
        with pytest.raises(RejectedInput):
            trying.read_canary(form)
    assert trying.read_canary({"share": "10", "days": "7", "limit": "25"}) == Trial(Decimal("0.100"), 7, 0.25)


def test_arms_are_equal_where_nobody_is_scored_otherwise(office: Office) -> None:
    """What was seen of a trial changes nothing in who scores."""
    trial = begin(office)
    with office.world.services.store.transaction() as session:
        one = serving.serving(session, office.tenant_id)
        experiments.change(session, trial, watched=[{"at": "now"}])
        assert serving.serving(session, office.tenant_id) == one
        settings = tenants.get(session, office.tenant_id).settings
        tenants.save_settings(session, office.tenant_id, replace(settings, churn_cap=0.5))
        assert serving.serving(session, office.tenant_id) == one
        assert trial.share <= entering.MOST_SHARE
