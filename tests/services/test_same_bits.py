"""Scoring a few leads from what these need gives the very bits of scoring everybody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import polars as pl
import pytest
import sqlalchemy as sa

from connector.records import Account, Actor, Company, EngagementEvent, EventKind, FieldDefinition, FieldType, Page
from connector.services import install, snapshot
from connector.services.warm import Warm
from connector.store import connections, models, scores, tenants
from connector.store.frames import Cut
from connector.store.session import Store
from scoring.bundle import Bundle
from scoring.features.neighbours import neighbours
from scoring.predict import Recorded, score_recorded
from scoring.schema import History
from tests.fakecrm import FakeAccount, FakeApp
from tests.services.copies import copied, scored_world
from tests.world import NOW, World, small_account

FEW = (1, 2, 7, 40)


def with_companies(crm: FakeAccount) -> FakeAccount:
    """Let every other person stand with a company of the CRM, and colleagues be busy to the last hour."""
    pages = [
        replace(
            page,
            records=tuple(
                replace(item, company_id=f"c{int(item.record_id) % 9}") if int(item.record_id) % 2 else item
                for item in page.records
            ),
            companies=tuple(
                Company(f"c{n}", f"Firm {n}", f"firm{n}.com", {"branch": "Retail" if n % 2 else "Steel"}, NOW)
                for n in range(9)
            ),
        )
        for page in crm.pages["people"]
    ]
    people = [item.record_id for page in pages for item in page.records]
    visits = tuple(
        EngagementEvent(
            "visits", f"{who}-{n}", EventKind.PAGE_VIEW, NOW - timedelta(days=n * 31, hours=1), Actor.LEAD, who
        )
        for who in people[::3]
        for n in range(4)
    )
    branch = FieldDefinition("branch", "Branch", FieldType.CATEGORY, company=True)
    more = {**crm.pages, "people": pages, "visits": [Page(cursor={}, drained=False, events=visits)]}
    return replace(crm, fields=[*crm.fields, branch], pages=more)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """People at sixty firms, many of them in a second account too, all read."""
    second = replace(small_account(80, seed=2), account=Account("102", "Beta Ltd", "https://fake.example", "UTC"))
    folder = tmp_path_factory.mktemp("scored")
    with scored_world(folder, with_companies(small_account(200)), complexity="interpretable") as made:
        app = made.services.apps["fakecrm"]
        assert isinstance(app, FakeApp)
        app.accounts = {"code-1": made.crm, "code-2": second}
        with made.services.store.reading() as session:
            owner = connections.newest(session).tenant_id
        begun = install.begin(made.services, "fakecrm", "browser", owner)
        install.complete(made.services, "fakecrm", "browser", begun.partition("state=")[2], "code-2")
        made.work()
        yield made


@pytest.fixture
def line(original: World, store: Store) -> World:
    """The same in each database."""
    return copied(original, store)


def everything(line: World) -> tuple[UUID, Bundle, History, dict[int, str]]:
    """The tenant, its model, its whole history, and the bands of its leads."""
    with line.services.store.reading() as session:
        owner = connections.find_by_account(session, "fakecrm", "101")
        assert owner
        named = models.champion_name(session, owner.tenant_id)
        assert named
        settings = tenants.get(session, owner.tenant_id).settings
        tiers = scores.tiers(session, owner.tenant_id)
    bundle = Warm(line.services).bundle(owner.tenant_id, named[1])
    return owner.tenant_id, bundle, snapshot.history(line.services, owner.tenant_id, settings), tiers


def test_a_few_leads_alone_have_the_bits_that_they_have_among_all(line: World) -> None:
    """Vectors, scores, reasons, hashes: nothing is rounded. Models with colleagues, percentiles and steps."""
    line.clock.at += timedelta(minutes=7)
    as_of = line.clock.now()
    tenant_id, bundle, history, tiers = everything(line)
    assert bundle.spec.companies
    whole = score_recorded(bundle, history, as_of=as_of, former=tiers)
    leads = whole.scores["lead_id"].to_list()
    with line.services.store.reading() as session:
        settings = tenants.get(session, tenant_id).settings
    beside = neighbours(bundle.spec, bundle.goal.timing, as_of)
    for size in FEW:
        some = leads[:: max(len(leads) // size, 1)][:size]
        part = snapshot.history(line.services, tenant_id, settings, Cut(tuple(some)), beside)
        assert part.leads.height < history.leads.height
        alone = score_recorded(bundle, part, as_of=as_of, former=tiers, lead_ids=some)
        same(alone, whole, some)


def same(alone: Recorded, whole: Recorded, leads: list[int]) -> None:
    """Compare to the last bit."""
    chosen = whole.scores["lead_id"].is_in(leads)
    assert alone.scores.equals(whole.scores.filter(chosen), null_equal=True)
    expected = whole.inputs.filter(chosen)
    assert alone.inputs.columns == expected.columns
    bits = pl.exclude("lead_id", "former_tier").fill_nan(None)
    assert alone.inputs.with_columns(bits).equals(expected.with_columns(bits), null_equal=True)


def test_what_colleagues_do_matters_and_is_read(line: World) -> None:
    """The test above would miss nothing: without the colleagues the vectors differ."""
    as_of = line.clock.now()
    tenant_id, bundle, history, tiers = everything(line)
    whole = score_recorded(bundle, history, as_of=as_of, former=tiers)
    leads = whole.scores["lead_id"].to_list()[:20]
    with line.services.store.reading() as session:
        settings = tenants.get(session, tenant_id).settings
    bare = snapshot.history(line.services, tenant_id, settings, Cut(tuple(leads)))
    alone = score_recorded(bundle, bare, as_of=as_of, former=tiers, lead_ids=leads)
    hashes = whole.scores.filter(whole.scores["lead_id"].is_in(leads))["inputs_hash"]
    assert (alone.scores["inputs_hash"] != hashes).any()


def test_a_few_leads_are_looked_up_and_not_searched_for(original: World) -> None:
    """No statement of a cut goes over all that a tenant has of something: in SQLite, which has no statistics."""
    tenant_id, bundle, history, _ = everything(original)
    store, asked = original.services.store, list[tuple[str, Any]]()
    with store.reading() as session:
        settings = tenants.get(session, tenant_id).settings
    beside = neighbours(bundle.spec, bundle.goal.timing, original.clock.now())

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    sa.event.listen(store.engine, "before_cursor_execute", note)
    try:
        snapshot.history(original.services, tenant_id, settings, Cut((history.leads["lead_id"][0],)), beside)
    finally:
        sa.event.remove(store.engine, "before_cursor_execute", note)
    large = ("records", "leads", "events", "property_changes", "conversions", "visitors", "tracked_events")
    with store.reading() as session:
        for statement, parameters in asked:
            if statement.startswith("SELECT"):
                plan = session.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
                steps = [step for (*_, step) in plan if step.split()[1] in large]
                assert not [step for step in steps if step.startswith("SCAN") or step.endswith("(tenant_id=?)")]
