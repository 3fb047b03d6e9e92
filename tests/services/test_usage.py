"""What each tenant's work takes: parted among what is under way, kept by day, and lost by nothing but a kill."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import OperationalError

from connector.adapters.contract import Access, CrmAdapter
from connector.records import Account
from connector.services import usage
from connector.services.opening import open_adapter
from connector.services.usage import CPU, Meter, metered, metered_turn
from connector.store import usage as stored
from connector.store.session import Store
from tests.databases import sqlite_store
from tests.fakecrm import FakeAccount, FakeApp
from tests.services.kpis.history import History, history

A, B = UUID(int=1), UUID(int=2)


class Seconds:
    """A process's time that a test spends."""

    def __init__(self) -> None:
        self.spent = 100.0

    def __call__(self) -> float:
        return self.spent


@pytest.fixture
def tenant(tmp_path: Path) -> Iterator[History]:
    store = sqlite_store(tmp_path / "usage.db")
    yield history(store)
    store.close()


def kept(tenant: History) -> dict[str, dict[str, int]]:
    with tenant.services.store.reading(tenant.tenant_id) as session:
        found = stored.of_days(session, tenant.tenant_id, "2026-01-01", "2026-12-31")
    return {what: dict(days) for what, days in found.items()}


def test_time_is_parted_evenly_among_what_is_under_way() -> None:
    """What was spent before, between and after is nobody's."""
    spent = Seconds()
    meter = Meter(spent)
    with meter.working(A):
        spent.spent += 2
        with meter.working(B):
            spent.spent += 4
        spent.spent += 1
    spent.spent += 50
    assert meter.take() == {A: {CPU: 5_000}, B: {CPU: 2_000}}
    assert meter.take() == {}


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 10_000)), max_size=30))
def test_all_that_was_spent_while_anything_was_under_way_is_somebodys(steps: list[tuple[int, int]]) -> None:
    """However pieces of work overlap; to the millisecond that is left over for each."""
    spent, open_ones, total = Seconds(), [], 0
    meter = Meter(spent)
    for who, milliseconds in steps:
        piece = meter.working(UUID(int=who))
        piece.__enter__()
        open_ones.append(piece)
        spent.spent += milliseconds / 1_000
        total += milliseconds
        if who == 0:
            open_ones.pop(0).__exit__(None, None, None)
        if not open_ones:
            spent.spent += 7
    taken = meter.take()
    assert 0 <= total - sum(amounts[CPU] for amounts in taken.values()) <= 5


def test_parts_of_a_millisecond_are_not_lost() -> None:
    spent = Seconds()
    meter = Meter(spent)
    counted = 0
    for _ in range(64):
        with meter.working(A):
            spent.spent += 1 / 4_096
        counted += meter.take().get(A, {}).get(CPU, 0)
    assert counted in (15, 16)


def test_each_piece_of_work_adds_to_its_day(tenant: History) -> None:
    """Of a failed one as well; the next day has a row of its own."""
    spent = Seconds()
    services = replace(tenant.services, meter=Meter(spent))
    for _ in range(2):
        with metered(services, tenant.tenant_id):
            spent.spent += 1.5

    def fail() -> None:
        with metered(services, tenant.tenant_id):
            spent.spent += 1
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()
    tenant.clock.at += timedelta(days=1)
    with metered(services, tenant.tenant_id):
        spent.spent += 2
    assert kept(tenant) == {CPU: {"2026-03-01": 4_000, "2026-03-02": 2_000}}


def test_turns_of_the_lane_are_kept_now_and_then(tenant: History) -> None:
    """At most once a minute, so that no turn waits for it; nothing is lost in between."""
    spent = Seconds()
    services = replace(tenant.services, meter=Meter(spent))
    seen = []
    for _ in range(5):
        with metered_turn(services, tenant.tenant_id):
            spent.spent += 1
        seen.append(kept(tenant).get(CPU, {}).get("2026-03-01", 0))
        tenant.clock.at += timedelta(seconds=25)
    assert seen == [1_000, 1_000, 1_000, 4_000, 4_000]


def test_a_tenant_that_went_while_it_was_worked_for_leaves_nothing(tenant: History) -> None:
    """And is in nobody's way: others' use is kept."""
    spent = Seconds()
    services = replace(tenant.services, meter=Meter(spent))
    services.meter.add(A, CPU, 5)
    with metered(services, tenant.tenant_id):
        spent.spent += 1
    assert kept(tenant) == {CPU: {"2026-03-01": 1_000}}
    assert services.meter.take() == {}


def test_what_cannot_be_kept_now_is_with_the_next(tenant: History, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the database is away."""
    spent = Seconds()
    services = replace(tenant.services, meter=Meter(spent))
    real = Store.transaction

    def away(self: Store, tenant_id: UUID | None = None) -> object:
        raise OperationalError("away", None, Exception())

    monkeypatch.setattr(Store, "transaction", away)
    with metered(services, tenant.tenant_id):
        spent.spent += 3
    monkeypatch.setattr(Store, "transaction", real)
    usage.keep(services)
    assert kept(tenant) == {CPU: {"2026-03-01": 3_000}}


class Watched(FakeApp):
    """An app that only notes what it is connected with."""

    def connect(self, access: Access) -> CrmAdapter:
        self.told = access
        return super().connect(access)


def test_requests_are_counted_for_the_tenant_of_the_account(tenant: History) -> None:
    """By its CRM's name, for each answer that the adapter tells of, also for none."""
    account = FakeAccount(Account(str(tenant.connection_id), "Alpha", "https://fake.example", "UTC"), (), {})
    app = Watched({"code-1": account})
    services = replace(tenant.services, apps={"fakecrm": app}, meter=Meter(Seconds()))
    open_adapter(services, tenant.connection_id)
    for status in (200, 429, 0):
        app.told.answered(status)
    assert services.meter.take() == {tenant.tenant_id: {"calls:fakecrm": 3}}
