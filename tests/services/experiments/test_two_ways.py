"""Two lines and two models at once: who is banded and scored by what, who counts, and how outcomes end it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from math import inf
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from connector.errors import RejectedInput
from connector.records import Actor, Conversion, EngagementEvent, EventKind, Page
from connector.services import pipeline, replaying
from connector.services.champions import entering, trying
from connector.services.champions.entering import Trial
from connector.services.experiments import assigning, bringing, conducting, judging, lining, planning, uplifting
from connector.services.experiments.assigning import Placed
from connector.services.experiments.lining import Wish
from connector.services.reports.experiments import experiments_report
from connector.store import arms, experiments, ledger, models, tenants
from connector.store.experiments import LINES, MODELS, Hot
from connector.store.tables import experiment_leads, leads, records, scores
from scoring.experiments.assignment import place, unit_of
from tests.databases import sqlite_store
from tests.services.copies import copied, scored_world
from tests.services.experiments.test_holding_out import _clicks, _newcomers, _page, _refresh, _tenant
from tests.world import NOW, World, small_account

DAYS = 30


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A tenant whose first scores are written, some of them of leads who came today."""
    crm = small_account(200)
    crm.pages["people"].append(_page(NOW, "recent"))
    crm.pages["clicks"].append(_clicks(NOW, "recent"))
    fixed = {"horizon_days": DAYS, "maturity_days": DAYS, "high_intent_share": 0.5}
    with scored_world(tmp_path_factory.mktemp("original"), crm, complexity="interpretable", **fixed) as made:
        yield made


@pytest.fixture
def line(original: World, tmp_path: Path) -> Iterator[World]:
    store = sqlite_store(tmp_path / "two.db")
    yield copied(original, store)
    store.close()


def _above(line: World) -> Wish:
    """A line above all newcomers' scores: whoever has it is High-Intent no more."""
    return Wish(1_000, Decimal("1.5"))


def _banded(line: World) -> Mapping[str, tuple[int, str, str]]:
    """The newcomers by vendor id: score in tenths, tier, company."""
    query = (
        sa.select(records.c.vendor_id, scores.c.score, scores.c.tier, leads.c.company_key)
        .join(scores, scores.c.lead_id == records.c.lead_id)
        .join(leads, leads.c.id == records.c.lead_id)
        .where(records.c.vendor_id.like("new-%"))
    )
    with line.services.store.reading() as session:
        return {row[0]: (int(row[1] * 10), row[2], row[3]) for row in session.execute(query)}


def test_each_arm_has_its_line_and_a_replay_gives_the_same_bands(line: World) -> None:
    """Scores are the same function in both; the ledger names the line, and its end brings the usual one back."""
    tenant = _tenant(line)
    lining.begin(line.services, tenant, _above(line))
    line.work()
    _newcomers(line)
    with line.services.store.reading(tenant) as session:
        trial = experiments.running(session, tenant, LINES)
        entries = [entry for entry in ledger.span(session, tenant, "scored") if entry.body and "line" in entry.body]
    assert trial
    assert trial.usual_line
    banded = _banded(line)
    tiers: dict[bool, set[str]] = {False: set(), True: set()}
    for tenths, tier, company in banded.values():
        other = place(unit_of(trial.key, company)) < 0.5
        assert (tier == "High-Intent") == (tenths >= (1_000 if other else trial.usual_line))
        tiers[other].add(tier)
    assert "High-Intent" in tiers[False]
    assert {entry.body["line"] for entry in entries if entry.body} == {1_000, trial.usual_line}
    with line.services.store.reading(tenant) as session:
        counted = {row.lead_id: row.treated for row in experiments.counted(session, trial)}
        query = sa.select(experiment_leads.c.lead_id, scores.c.score).join(
            scores, scores.c.lead_id == experiment_leads.c.lead_id
        )
        between = {row.lead_id for row in session.execute(query) if trial.usual_line <= row.score * 10 < 1_000}
    assert set(counted) == between, "only who came between the lines counts"
    assert set(counted.values()) == {False, True}
    found = replaying.replay_ledger(line.services, tenant, None)
    assert (found.wrong, found.erased) == ((), 0)
    conducting.end(line.services, tenant, LINES)
    line.clock.sleep(60)
    line.work()
    assert all((tier == "High-Intent") == (tenths >= trial.usual_line) for tenths, tier, _ in _banded(line).values())


@pytest.mark.parametrize(("line_at", "usual"), [(600, 800), (800, 600)])
def test_a_lead_counts_from_between_the_lines_alone(line_at: int, usual: int) -> None:
    """From the lower one on and below the upper one, whichever is the usual one."""
    fixed = (Decimal("0.5"), "k", "deal_won", DAYS, 9, {}, NOW, None, None, ())
    trial = experiments.Experiment(UUID(int=1), UUID(int=2), *fixed, kind=LINES, line=line_at, usual_line=usual)
    counting = [tenths for tenths in (599, 600, 799, 800) if assigning._counts(trial, Placed(1, tenths, "Medium"))]
    assert counting == [600, 799]


def test_a_line_that_can_not_be_compared_is_refused(line: World) -> None:
    """What is no score, what nobody comes between, and a second one at a time."""
    tenant = _tenant(line)
    with pytest.raises(RejectedInput, match="above 0 and up to 100"):
        lining.read_wish({"line": "high", "lift": "50"})
    with line.services.store.reading(tenant) as session:
        usual = lining.usual_line(session, tenant)
    with pytest.raises(RejectedInput, match="nothing to compare"):
        lining.begin(line.services, tenant, Wish(usual, Decimal("0.5")))
    lining.begin(line.services, tenant, _above(line))
    with pytest.raises(RejectedInput, match="already"):
        lining.begin(line.services, tenant, _above(line))


def _second(line: World, tenant: UUID) -> str:
    """The model once more under another name, waiting for a person's word."""
    with line.services.store.transaction(tenant) as session:
        champion = models.champion(session, tenant)
        assert champion
        again = models.ModelVersion(
            f"{champion.version}.9", champion.as_of, 1, champion.artefact, "9" * 64, champion.report, line.clock.now()
        )
        models.keep(session, tenant, again, models.WAITING, models.Decided({"sentence": "It waits."}, line.clock.now()))
    return again.version


def test_outcomes_end_a_comparison_of_models(line: World) -> None:
    """The arm whose leads surely convert more often wins; meetings and money stand beside."""
    tenant = _tenant(line)
    version = _second(line, tenant)
    trying.begin(line.services, tenant, version, Trial(Decimal("0.5"), None, 1.0, leads=60))
    line.work()
    _newcomers(line)
    query = sa.select(records.c.vendor_id, experiment_leads.c.treated).join(
        experiment_leads, experiment_leads.c.lead_id == records.c.lead_id
    )
    with line.services.store.reading(tenant) as session:
        arm = {row.vendor_id: row.treated for row in session.execute(query)}
    assert set(arm.values()) == {False, True}
    at = line.clock.now() + timedelta(days=5)
    winners = [name for name, treated in sorted(arm.items()) if treated]
    losers = [name for name, treated in sorted(arm.items()) if not treated]
    won = [*winners[:-2], *losers[:20]]
    deals = tuple(
        Conversion("deals", f"d-{name}", "deal_won", at, name, amount=Decimal("100.10"), currency="EUR") for name in won
    )
    met = tuple(
        EngagementEvent("clicks", f"m-{name}", EventKind.MEETING, at, Actor.SELLER, name) for name in winners[:-2]
    )
    line.crm.pages["deals"].append(Page(cursor={}, drained=False, conversions=deals))
    line.crm.pages["clicks"].append(Page(cursor={}, drained=False, events=met))
    line.clock.sleep(86_400 * (DAYS + 6))
    _refresh(line)
    judging.look(line.services, tenant)
    line.work()
    with line.services.store.reading(tenant) as session:
        (trial,) = [one for one in experiments.of_tenant(session, tenant) if one.kind == MODELS]
        champion = models.champion_name(session, tenant)
    (look,) = trial.looks
    assert look["treated"] > look["control"]
    assert set(look["beside"]) == {"meetings", "revenue"}
    assert look["beside"]["revenue"]["currency"] == "EUR"
    (said,) = experiments_report(line.services, tenant).former
    assert [one.label for one in said.beside] == ["Meetings a lead", "Revenue a lead"]
    assert said.beside[1].treated == Decimal(repr(look["beside"]["revenue"]["treated"])).quantize(Decimal("0.01"))
    assert trial.outcome == "promoted"
    assert champion
    assert champion[0] == version


def _looks(*differences: float) -> list[dict[str, Any]]:
    """Looks of which each knows twice as much as the one before."""
    fixed = {"control": 0.1, "freedom": 300.0, "units": [150, 150], "successes": [30, 30]}
    return [
        {
            **fixed,
            "treated": 0.1 + difference,
            "error": 0.02 / 2**number,
            "leads": [200 * 2**number] * 2,
            "at": NOW.isoformat(),
        }
        for number, difference in enumerate(differences)
    ]


def test_a_comparison_is_decided_by_the_newest_look_that_says_something() -> None:
    """Certain either way, or not at all; a week without news takes nothing back."""
    low, high = judging.certain(_looks(0.02, -0.06), 800)
    assert low < high < 0
    low, high = judging.certain(_looks(0.02, 0.06), 800)
    assert 0 < low < high
    low, high = judging.certain(_looks(0.01, 0.0), 800)
    assert low < 0 < high
    told = _looks(0.02, 0.06)
    assert judging.certain([*told, told[-1]], 800) == judging.certain(told, 800)
    assert judging.certain([], 800) == (-inf, inf)
    few = [{**told[0], "successes": [3, 30]}]
    assert judging.certain(few, 800) == (-inf, inf)


def test_what_leads_brought_counts_within_their_time_and_in_one_currency() -> None:
    """A conversion once, meetings each, money to the cent."""
    day = timedelta(days=1)
    told = bringing.Brought(
        won={1: [NOW + day, NOW + 2 * day, NOW + 99 * day]},
        met={1: [NOW, NOW + day, NOW + 2 * day]},
        paid={1: [(NOW + day, Decimal("0.10")), (NOW + 2 * day, Decimal("0.20")), (NOW + 99 * day, Decimal(7))]},
    )
    values = {name: told.value(name, 1, NOW, 30 * day) for name in told.known}
    assert values == {"conversions": 1, "meetings": 2, "revenue": Decimal("0.30")}
    assert told.value("revenue", 2, NOW, day) == 0


def test_plans_say_what_each_outcome_would_take(line: World) -> None:
    """And why nothing can be said where leads brought none of it."""
    tenant = _tenant(line)
    found = planning.for_each(line.services, tenant, Decimal("0.1"), Decimal("0.3"))
    assert [one.label for one in found] == ["Meetings", "Revenue"]
    assert all(one.missing and "it takes 10" in one.missing for one in found)
    values = [Decimal(0)] * 90 + [Decimal(100)] * 10
    made = planning._for_outcome("Revenue", values, "EUR", 20.0, (Decimal("0.5"), Decimal("0.5")))
    assert (made.usually, made.currency, made.missing) == (Decimal("10.00"), "EUR", None)
    # sd 30, mean 10, lift 5: (1.96 + .84)² × 900 × 4 / 25 × 1.25
    assert made.leads == 1413
    refused = planning.planned_for(Hot(8, 8, Decimal("0.02")), 8, 90, Decimal("0.5"), Decimal("0.05"))
    assert refused.refused
    assert "years" in refused.refused
    with line.services.store.reading(tenant) as session:
        assert tenants.get(session, tenant).settings.horizon_days == DAYS
    assert Decimal("0.5") == entering.MOST_SHARE
    assert pipeline.WITHDRAW in pipeline.PLANS


def test_uplift_is_learned_from_the_scores_by_which_leads_began_to_count(line: World) -> None:
    """Of a holdout with enough conversions alone; who was erased is left out."""
    tenant = _tenant(line)
    with line.services.store.transaction(tenant) as session:
        ids = list(session.execute(sa.select(scores.c.lead_id).order_by(scores.c.lead_id)).scalars())
        fixed = (Decimal("0.5"), "k", "deal_won", DAYS, 9, {}, NOW, None, None, ())
        trial = experiments.Experiment(UUID(int=7), tenant, *fixed)
        experiments.begin(session, trial)
        experiments.add(session, trial, {one: (f"u{one}", one % 2 == 0) for one in ids}, NOW)
        later = line.clock.now() + timedelta(days=1)
        experiments.count_from(session, trial, ids[:-1], later)
        told = arms.counted_by(session, tenant, trial.id)
        assert {entry.lead_id for entry in told} == set(ids[:-1])
        known = [(ids[number % len(ids)], f"u{number}", number % 2 == 0, number % 3 > 0) for number in range(900)]
        found = uplifting.uplifts(session, trial, known)
        assert found
        assert set(found) == {"qini", "low", "high", "quarters"}
        assert uplifting.uplifts(session, trial, known[:500]) is None
        assert uplifting.uplifts(session, replace(trial, kind=LINES), known) is None
