"""A holdout from consent to verdict: who is drawn, what nobody is told of them, and what is said at the end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from connector.errors import RejectedInput
from connector.records import Actor as ByWhom
from connector.records import Conversion, EngagementEvent, EventKind, Page, PropertyChange, Record
from connector.services import pipeline
from connector.services.experiments import conducting, judging
from connector.services.experiments.conducting import Wish
from connector.services.forecasts import weekly
from connector.services.privacy import held
from connector.services.reports.experiments import experiments_report
from connector.store import connections, experiments, forecasts, ledger, scores
from connector.store.tables import experiment_leads, leads, ledger_payloads, records
from connector.store.tables import outbox as outbox_table
from scoring.experiments.assignment import place, unit_of
from tests.databases import sqlite_store
from tests.services.copies import copied, scored_world
from tests.world import NOW, World, small_account

HALF = Wish(Decimal("0.5"), Decimal("1.5"))
COMPANIES, OF_EACH = 30, 3
HORIZON_DAYS = 30


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A tenant whose first scores are written, some of them of leads who came today."""
    crm = small_account(200)
    crm.pages["people"].append(_page(NOW, "recent"))
    crm.pages["clicks"].append(_clicks(NOW, "recent"))
    days = {"horizon_days": HORIZON_DAYS, "maturity_days": HORIZON_DAYS, "high_intent_share": 0.5}
    with scored_world(tmp_path_factory.mktemp("original"), crm, complexity="interpretable", **days) as made:
        yield made


@pytest.fixture
def line(original: World, tmp_path: Path) -> Iterator[World]:
    """The same, in a database of its own."""
    store = sqlite_store(tmp_path / "experiment.db")
    yield copied(original, store)
    store.close()


def _named(kind: str) -> list[str]:
    return [f"{kind}-{number}" for number in range(COMPANIES * OF_EACH)]


def _page(now: datetime, kind: str) -> Page:
    """Newcomers of many companies, lively enough to be High-Intent."""
    created = now - timedelta(hours=2)
    people = [
        Record(name, f"{name}@{kind}{number % COMPANIES}.com", created, created, {"size": "490", "city": "Porto"})
        for number, name in enumerate(_named(kind))
    ]
    changes = [PropertyChange(one.record_id, "size", "490", created) for one in people]
    return Page(cursor={}, drained=False, records=tuple(people), changes=tuple(changes))


def _clicks(now: datetime, kind: str) -> Page:
    at = now - timedelta(hours=1)
    made = [
        EngagementEvent("clicks", f"{name}-{n}", EventKind.EMAIL_CLICKED, at - timedelta(minutes=n), ByWhom.LEAD, name)
        for name in _named(kind)
        for n in range(5)
    ]
    return Page(cursor={}, drained=False, events=tuple(made))


def _tenant(line: World) -> UUID:
    with line.services.store.reading() as session:
        found = connections.find_by_account(session, "fakecrm", "101")
    assert found
    return found.tenant_id


def _refresh(line: World) -> None:
    tenant = _tenant(line)
    with line.services.store.transaction(tenant) as session:
        ready = pipeline.start_unless_waiting(line.services, session, tenant)
    line.services.wake_all(ready)
    line.work()


def _newcomers(line: World) -> None:
    line.clock.sleep(86_400)
    line.crm.pages["people"].append(_page(line.clock.now(), "new"))
    line.crm.pages["clicks"].append(_clicks(line.clock.now(), "new"))
    _refresh(line)


def _arms(line: World) -> dict[bool, set[str]]:
    """The vendor's ids of the newcomers by arm (True: shown)."""
    query = sa.select(records.c.vendor_id, experiment_leads.c.treated).join(
        experiment_leads, experiment_leads.c.lead_id == records.c.lead_id
    )
    with line.services.store.reading() as session:
        found = session.execute(query).all()
    return {arm: {row.vendor_id for row in found if row.treated is arm} for arm in (False, True)}


def test_nothing_is_held_out_without_consent(line: World) -> None:
    """Neither by a form that was not ticked, nor by default."""
    with pytest.raises(RejectedInput, match="please agree"):
        conducting.begin(line.services, _tenant(line), HALF, consent=False)
    _newcomers(line)
    assert set(_named("new")) <= set(line.crm.held)


def test_half_of_the_companies_are_not_shown_and_their_scores_are_in_the_ledger_alone(line: World) -> None:
    """By company; nobody who was known before; scored like everybody."""
    tenant, before = _tenant(line), set(line.crm.held)
    conducting.begin(line.services, tenant, HALF, consent=True)
    _newcomers(line)
    arms = _arms(line)
    assert arms[False] | arms[True] == set(_named("new"))
    assert min(len(arms[False]), len(arms[True])) >= 15
    held = set(line.crm.held)
    assert before <= held
    assert arms[True] <= held
    assert not arms[False] & held
    with line.services.store.reading(tenant) as session:
        hidden = sa.select(records.c.lead_id).where(records.c.vendor_id.in_(arms[False]))
        lead_ids = list(session.execute(hidden).scalars())
        assert set(scores.tiers(session, tenant, lead_ids)) == set(lead_ids)
        waiting = sa.select(outbox_table.c.record_id).join(records, records.c.id == outbox_table.c.record_id)
        assert not session.execute(waiting.where(records.c.lead_id.in_(lead_ids))).all()
        by_company = sa.select(leads.c.company_key, experiment_leads.c.treated).join(
            experiment_leads, experiment_leads.c.lead_id == leads.c.id
        )
        assert len(set(session.execute(by_company).all())) == COMPANIES
    line.clock.sleep(86_400)
    _refresh(line)
    assert not arms[False] & set(line.crm.held)


def test_who_was_drawn_can_be_checked_once_it_has_ended(line: World) -> None:
    """The record names the key's hash at the beginning and the key at the end; the ledger verifies."""
    tenant = _tenant(line)
    conducting.begin(line.services, tenant, HALF, consent=True)
    _newcomers(line)
    hidden = _arms(line)[False]
    conducting.end(line.services, tenant)
    line.work()
    assert hidden <= set(line.crm.held)
    with line.services.store.reading(tenant) as session:
        bodies = [
            body for body in session.execute(sa.select(ledger_payloads.c.body)).scalars() if "experiment" in str(body)
        ]
        assert ledger.verify(session, tenant).broken_at is None
        (experiment,) = experiments.of_tenant(session, tenant)
        query = sa.select(leads.c.company_key, experiment_leads.c.treated).join(
            experiment_leads, experiment_leads.c.lead_id == leads.c.id
        )
        drawn = session.execute(query).all()
    assert any(experiment.key in str(body) for body in bodies)
    for company, treated in drawn:
        assert treated == (place(unit_of(experiment.key, company)) >= 0.5)


def test_only_one_runs_at_a_time(line: World) -> None:
    conducting.begin(line.services, _tenant(line), HALF, consent=True)
    with pytest.raises(RejectedInput, match="running already"):
        conducting.begin(line.services, _tenant(line), HALF, consent=True)
    conducting.end(line.services, _tenant(line))
    with pytest.raises(RejectedInput, match="No experiment"):
        conducting.end(line.services, _tenant(line))


def test_a_look_compares_the_arms_and_the_last_one_ends_it(line: World) -> None:
    """Leads count from when they are High-Intent, for the whole horizon and no longer."""
    tenant = _tenant(line)
    conducting.begin(line.services, tenant, HALF, consent=True)
    _newcomers(line)
    shown = sorted(_arms(line)[True])
    with line.services.store.transaction(tenant) as session:
        (experiment,) = experiments.of_tenant(session, tenant)
        hot = {row.lead_id for row in experiments.counted(session, experiment)}
        assert set(session.execute(sa.select(records.c.lead_id).where(records.c.vendor_id.in_(shown))).scalars()) <= hot
        experiments.change(session, experiment, planned_leads=10)
    judging.look(line.services, tenant)
    with line.services.store.reading(tenant) as session:
        closed = experiments.running(session, tenant)
    assert closed
    assert closed.closed_at
    assert not closed.looks
    at = line.clock.now() + timedelta(days=5)
    won = tuple(Conversion("deals", f"d-{name}", "deal_won", at, name) for name in shown[::2])
    late = Conversion("deals", "d-late", "deal_won", at + timedelta(days=HORIZON_DAYS), sorted(_arms(line)[False])[0])
    line.crm.pages["deals"].append(Page(cursor={}, drained=False, conversions=(*won, late)))
    line.clock.sleep(86_400 * (HORIZON_DAYS + 6))
    _refresh(line)
    judging.look(line.services, tenant)
    report = experiments_report(line.services, tenant)
    assert not report.running
    (ended,) = report.former
    assert ended.looks[-1].treated == pytest.approx(len(won) / len(shown))
    assert ended.looks[-1].control == 0.0
    line.work()
    assert {name for name in _arms(line)[False] if name != late.record_id} <= set(line.crm.held)


def test_a_person_who_is_erased_leaves_the_experiment(line: World) -> None:
    """Until then what is held of them says that they are in it, and on which list."""
    tenant = _tenant(line)
    conducting.begin(line.services, tenant, HALF, consent=True)
    _newcomers(line)
    sealed = weekly.seal(line.services, tenant)
    assert sealed
    with line.services.store.reading(tenant) as session:
        shown = sa.select(experiment_leads.c.lead_id).where(experiment_leads.c.treated)
        on_list = set(forecasts.listed(session, tenant, sealed.id))
        mine = sorted(on_list & set(session.execute(shown).scalars()))[0]
    told = held.held_of(line.services, tenant, mine, "test")
    assert told
    assert told["Experiments, and which arm"][0]["treated"] is True
    assert told["Lists of the week"][0]["place"] >= 1
    with line.services.store.transaction(tenant) as session:
        one = session.execute(sa.select(experiment_leads.c.lead_id)).scalars().first()
        session.execute(sa.delete(leads).where(leads.c.id == one))
        assert one not in set(session.execute(sa.select(experiment_leads.c.lead_id)).scalars())


def test_what_can_not_be_found_is_refused_with_the_reason(line: World) -> None:
    """Years, and a tenant without a single High-Intent newcomer."""
    tenant = _tenant(line)
    told = conducting.propose(line.services, tenant, Wish(Decimal("0.05"), Decimal("0.05")))
    assert told.refused
    assert "years" in told.refused
    with pytest.raises(RejectedInput, match="years"):
        conducting.begin(line.services, tenant, told.wish, consent=True)
    line.clock.sleep(86_400 * 300)
    assert "none to hold out" in str(conducting.propose(line.services, tenant, HALF).refused)
