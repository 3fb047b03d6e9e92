"""The capacity planner against leads and outcomes whose numbers are known by counting."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from connector.errors import RejectedInput
from connector.services import capacity, schedules
from connector.services.capacity import Chosen, Moved, Plan, Team
from connector.services.kpis import making
from connector.store import models, runs, tenants
from connector.store.models import Decided, ModelVersion
from connector.store.runs import Run, RunStatus
from connector.store.session import Store
from connector.store.tables import ledger_payloads, scores
from tests.databases import sqlite_store
from tests.services.kpis.history import DAY, History, history
from tests.world import NOW


def share(value: float) -> dict[str, float]:
    """A share with an interval of a tenth to either side."""
    return {"value": value, "low": round(value - 0.1, 3), "high": round(value + 0.1, 3)}


POINTS = [
    {"tenths": 200, "leads": 90, "won": 18, "precision": share(0.2), "rest": None, "found": share(0.9)},
    {"tenths": 600, "leads": 40, "won": 16, "precision": share(0.4), "rest": share(0.1), "found": share(0.8)},
    {"tenths": 900, "leads": 12, "won": 9, "precision": share(0.75), "rest": share(0.15), "found": share(0.5)},
]


def filled(store: Store) -> History:
    """A tenant with such leads."""
    made = history(store, capacity=4)
    fill(made)
    return made


def fill(made: History) -> None:
    """Forty open leads with the scores 60.0 to 99.0, the best four in the band; and one that is no longer open."""
    leads = [made.lead(NOW - 20 * DAY) for _ in range(41)]
    run = Run(UUID(int=7), made.tenant_id, "first", RunStatus.RUNNING, NOW, 1, "m", NOW, None, None)
    with made.services.store.transaction() as session:
        runs.create(session, run, ["score"])
        runs.finish_stage(session, run.id, "score", NOW)
        for place, lead in enumerate(leads):
            row = {"lead_id": lead, "tenant_id": made.tenant_id, "run_id": run.id, "model": "m", "reasons": []}
            row |= {"score": Decimal(60 + place), "probability": Decimal("0.3"), "base_value": "0", "inputs_hash": "0"}
            at = NOW - DAY if place == 40 else NOW
            row |= {"tier": "High-Intent" if place >= 36 else "Medium", "as_of": at, "scored_at": at}
            session.execute(sa.insert(scores).values(row))
    publish(made, {"thresholds": {"points": POINTS, "base": 0.0, "high": 960}})


@pytest.fixture
def held(tmp_path: Path) -> Iterator[History]:
    """Such a tenant in a file."""
    store = sqlite_store(tmp_path / "capacity.db")
    yield filled(store)
    store.close()


def publish(made: History, report: dict[str, Any]) -> None:
    """Let a model with a report score."""
    version = ModelVersion("m", NOW, 1, b"", "0", report, NOW)
    with made.services.store.transaction(made.tenant_id) as session:
        models.keep(session, made.tenant_id, version, models.WAITING, Decided({}, NOW))
        models.publish(session, made.tenant_id, "m", 1, NOW)


def planned(made: History, per_rep: int, reps: int) -> Plan:
    """The plan of a team."""
    found = capacity.plan(made.services, made.tenant_id, Team(per_rep, reps))
    assert found
    return found


def test_the_threshold_is_the_last_lead_that_the_team_can_take(held: History) -> None:
    """Found are those above at the rate of the next lower threshold; missed those below at the rate of the rest."""
    plan = planned(held, 5, 2)
    assert (plan.score, plan.leads, plan.open, plan.judged) == (90.0, 10, 40, 12)
    # Twelve judged leads are too few: nothing is said instead of something wide.
    assert plan.precision is None
    assert plan.missing == "Too few to say: 12 leads of former months reached this score, 30 are needed."
    plan = planned(held, 5, 3)
    assert (plan.score, plan.leads, plan.judged, plan.missing) == (85.0, 15, 40, "")
    assert plan.precision
    assert plan.found
    assert plan.missed
    assert plan.precision.value == 0.4
    assert (plan.found.value, round(plan.found.low, 6), plan.found.high) == (6.0, 4.5, 7.5)
    assert (round(plan.missed.value, 6), plan.missed.low) == (2.5, 0.0)
    assert round(plan.chance, 4) == 0.85
    assert plan.a_week is None


def test_leads_are_counted_alike_by_both_databases(store: Store) -> None:
    plan = planned(filled(store), 5, 3)
    assert (plan.score, plan.leads, plan.open, plan.moved) == (85.0, 15, 40, Moved(4, 0, 11))


def test_who_would_cross_the_line_is_counted_before_anything_is_set(held: History) -> None:
    """Members just below the new line keep their band (two points of slack)."""
    assert planned(held, 4, 1).moved == Moved(4, 0, 0)
    assert planned(held, 10, 1).moved == Moved(4, 0, 6)
    # The line at 99 takes those of 96 out; 97 and 98 lie within the slack.
    assert planned(held, 1, 1).moved == Moved(4, 1, 0)


def test_how_many_newly_reach_it_is_told_once_it_was_counted(held: History) -> None:
    """By the whole score above the threshold, a week."""
    late = [held.lead(NOW - 20 * DAY) for _ in range(3)]
    held.score(late[:1], NOW - 20 * DAY, "Low", "10.0")
    held.score(late[1:], NOW - DAY, "High-Intent", "85.0")
    making.make(held.services, held.tenant_id)
    assert planned(held, 5, 3).a_week == 2.0
    assert planned(held, 5, 2).a_week == 0.0


def test_a_team_that_takes_everybody_misses_nobody(held: History) -> None:
    plan = planned(held, 50, 1)
    assert (plan.leads, plan.score) == (40, 60.0)
    assert plan.missed
    assert plan.missed.value == 0.0


def test_choosing_is_on_the_record_and_asks_for_the_model_that_follows_it(held: History) -> None:
    """The settings hold from the next model on; the same once more changes nothing."""
    services, tenant = held.services, held.tenant_id
    schedules.enter(services)
    assert (tenant, "retrain") not in schedules.due(services)
    assert capacity.choose(services, tenant, Team(5, 3)) is Chosen.SET
    with services.store.reading(tenant) as session:
        settings = tenants.get(session, tenant).settings
        told = session.execute(sa.select(ledger_payloads.c.body).where(ledger_payloads.c.tenant_id == tenant))
        bodies = " ".join(map(str, told.scalars()))
    assert (settings.high_intent, settings.capacity, settings.reps) == ("capacity", 15, 3)
    assert "set capacity" in bodies
    assert "The High-Intent band is to hold 15 leads." in bodies
    assert (tenant, "retrain") in schedules.due(services)
    assert planned(held, 5, 3).as_set
    assert capacity.choose(services, tenant, Team(5, 3)) is Chosen.NOTHING
    assert capacity.standing(settings) == Team(5, 3)


def test_without_a_model_that_kept_its_outcomes_there_is_no_plan(held: History) -> None:
    publish(held, {})
    with held.services.store.transaction(held.tenant_id) as session:
        session.execute(sa.text("UPDATE models SET report = '{}'"))
    assert capacity.plan(held.services, held.tenant_id, Team(5, 3)) is None


@pytest.mark.parametrize("typed", [{}, {"per_rep": "5"}, {"per_rep": "0", "reps": "1"}, {"per_rep": "5", "reps": "²"}])
def test_a_team_is_two_whole_numbers(typed: dict[str, str]) -> None:
    with pytest.raises(RejectedInput, match="whole number"):
        capacity.read_team(typed)
