"""Sealed forecasts: what is kept secret until its time, what is promised, and that neither can be changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from connector.records import Conversion, Page
from connector.services import pipeline
from connector.services.forecasts import weekly
from connector.services.reports.forecasts import forecasts_report
from connector.store import connections, experiments, forecasts, ledger, scores
from connector.store.tables import forecasts as table
from connector.store.tables import ledger_payloads, records
from tests.databases import sqlite_store
from tests.services.copies import copied, scored_world
from tests.world import World

CAPACITY, HORIZON_DAYS = 20, 30


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    days = {"horizon_days": HORIZON_DAYS, "maturity_days": HORIZON_DAYS, "capacity": CAPACITY}
    with scored_world(tmp_path_factory.mktemp("original"), complexity="interpretable", **days) as made:
        yield made


@pytest.fixture
def line(original: World, tmp_path: Path) -> Iterator[World]:
    store = sqlite_store(tmp_path / "forecasts.db")
    yield copied(original, store)
    store.close()


def _tenant(line: World) -> UUID:
    with line.services.store.reading() as session:
        found = connections.find_by_account(session, "fakecrm", "101")
    assert found
    return found.tenant_id


def test_the_list_is_that_of_the_best_and_nobody_is_on_two(line: World) -> None:
    """Once a week, for the team's capacity; a horizon later they may be on a list again."""
    tenant = _tenant(line)
    first, second = weekly.seal(line.services, tenant), weekly.seal(line.services, tenant)
    assert first
    assert second
    with line.services.store.reading(tenant) as session:
        lists = [forecasts.listed(session, tenant, one.id) for one in (first, second)]
        best = scores.of_lead(session, tenant, lists[0][0])
        later = scores.of_lead(session, tenant, lists[1][0])
    assert best
    assert later
    assert best.probability >= later.probability
    assert [len(found) for found in lists] == [CAPACITY, CAPACITY]
    assert not set(lists[0]) & set(lists[1])
    line.clock.sleep(86_400 * (HORIZON_DAYS + 1))
    again = weekly.seal(line.services, tenant)
    assert again
    with line.services.store.reading(tenant) as session:
        assert forecasts.listed(session, tenant, again.id) == lists[0]


def test_what_is_expected_is_sealed_until_its_time(line: World) -> None:
    """The ledger holds the commitment and not the number."""
    tenant = _tenant(line)
    made = weekly.seal(line.services, tenant)
    assert made
    said = json.loads(made.body)
    assert said["low"] <= said["expected"] <= said["high"]
    with line.services.store.reading(tenant) as session:
        (entry,) = [
            body
            for body in session.execute(sa.select(ledger_payloads.c.body)).scalars()
            if "seal forecast" in str(body)
        ]
        assert ledger.verify(session, tenant).broken_at is None
    assert made.seal in str(entry)
    assert "expected" not in str(entry)
    assert ledger.commit(made.salt, made.body) == made.seal
    assert weekly.open_matured(line.services, tenant) == 0
    assert not forecasts_report(line.services, tenant).opened


def test_it_is_opened_beside_what_came(line: World) -> None:
    """Conversions within the horizon count, others do not; a text that was changed is found out."""
    tenant = _tenant(line)
    made = weekly.seal(line.services, tenant)
    assert made
    with line.services.store.reading(tenant) as session:
        listed = forecasts.listed(session, tenant, made.id)
        query = sa.select(records.c.vendor_id).where(records.c.lead_id.in_(listed[:3])).order_by(records.c.id)
        winners = list(session.execute(query).scalars())
    soon, late = line.clock.now() + timedelta(days=2), line.clock.now() + timedelta(days=HORIZON_DAYS + 5)
    deals = [Conversion("deals", f"w{one}", "deal_won", soon, one) for one in winners[:2]]
    deals.append(Conversion("deals", "late", "deal_won", late, winners[2]))
    line.crm.pages["deals"].append(Page(cursor={}, drained=False, conversions=tuple(deals)))
    line.clock.sleep(86_400 * (HORIZON_DAYS + 6))
    with line.services.store.transaction(tenant) as session:
        ready = pipeline.start_unless_waiting(line.services, session, tenant)
    line.services.wake_all(ready)
    line.work()
    weekly.run(line.services, tenant)
    report = forecasts_report(line.services, tenant)
    (opened,) = report.opened
    assert (opened.leads, opened.won, opened.intact) == (CAPACITY, 2, True)
    assert len(report.sealed) == 1
    with line.services.store.transaction(tenant) as session:
        changed = made.body.replace('"expected":', '"expected":9')
        session.execute(sa.update(table).where(table.c.id == made.id).values(body=changed))
    (forged,) = forecasts_report(line.services, tenant).opened
    assert not forged.intact


def test_promises_come_once_lists_have_matured(line: World) -> None:
    """By what became of former lists, and none while too few are known."""
    tenant = _tenant(line)
    first = weekly.seal(line.services, tenant)
    assert first
    assert first.promised is None
    assert forecasts_report(line.services, tenant).missing == 4
    with line.services.store.transaction(tenant) as session:
        for number in range(6):
            past = forecasts.Forecast(
                id=UUID(int=number + 1),
                tenant_id=tenant,
                made_at=line.clock.now() - timedelta(days=200 + number),
                opens_at=line.clock.now() - timedelta(days=150 + number),
                promised=None,
                body=first.body,
                salt=first.salt,
                seal=first.seal,
                ledger_seq=1,
                outcome={"leads": 40, "won": 14},
            )
            row = {name: getattr(past, name) for name in past.__dataclass_fields__}
            session.execute(sa.insert(table), row)
    second = weekly.seal(line.services, tenant)
    assert second
    assert second.promised
    assert 2 <= second.promised <= 7
    assert forecasts_report(line.services, tenant).trusted


@pytest.mark.parametrize(("kind", "listed"), [("holdout", False), ("models", True)])
def test_only_who_is_held_out_is_on_no_list(line: World, kind: str, listed: bool) -> None:
    """In other experiments everybody is shown."""
    tenant, now = _tenant(line), line.clock.now()
    with line.services.store.transaction(tenant) as session:
        best = forecasts.candidates(session, tenant, now, 1)[0].lead_id
        fixed = (Decimal("0.5"), "k", "deal_won", HORIZON_DAYS, 9, {}, now, None, None, ())
        trial = experiments.Experiment(UUID(int=1), tenant, *fixed, kind=kind)
        experiments.begin(session, trial)
        experiments.add(session, trial, {best: ("u", False)}, now)
        found = [one.lead_id for one in forecasts.candidates(session, tenant, now, CAPACITY)]
    assert (best in found) is listed


def test_without_a_model_nothing_is_forecast(line: World) -> None:
    tenant = _tenant(line)
    with line.services.store.transaction(tenant) as session:
        session.execute(sa.text("DELETE FROM models"))
    assert weekly.seal(line.services, tenant) is None
    assert not forecasts_report(line.services, tenant).newest
