"""What is due by the clock: by rows, in each tenant's night, once however often it was missed."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.exc import OperationalError

from connector.crypto import SecretKeys
from connector.errors import NeedsAdmin, RetryLater
from connector.records import Account
from connector.services import pipeline, schedules
from connector.services.context import Services
from connector.services.hooks import HookAddresses
from connector.services.nights import next_night
from connector.services.polling import FRESH
from connector.store import connections, runs, tenants
from connector.store import schedules as rows
from connector.store.connections import Health
from connector.store.runs import Run
from connector.store.schedules import Entry
from connector.store.session import Store
from connector.store.tenants import TenantSettings
from tests.fakecrm import FakeApp
from tests.world import World, small_account, world

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def settled(line: World, code: str, account_id: str, zone: str = "UTC") -> UUID:
    """Install an account of a few people, and let its first run be over."""
    crm = small_account(3)
    crm.account = Account(account_id, "Idle Ltd", "https://fake.example", zone)
    app = line.services.apps["fakecrm"]
    assert isinstance(app, FakeApp)
    app.accounts = {**app.accounts, code: crm}
    tenant_id = line.install(code).tenant_id
    make_idle(line, tenant_id)
    return tenant_id


@pytest.fixture
def line(store: Store) -> World:
    """A CRM whose accounts push, and no tenant yet."""
    made = world(store)
    declare(made, look_seconds=None)
    return made


def declare(line: World, **changed: object) -> None:
    """Change what the CRM declares."""
    app = line.services.apps["fakecrm"]
    app.capabilities = replace(FakeApp.capabilities, **changed)  # type: ignore[arg-type]


def sweep(line: World) -> list[tuple[UUID, str]]:
    """Do what is due, as a sweep that is never late; return what was done."""
    schedules.enter(line.services)
    due = schedules.due(line.services)
    return [item for item in due if schedules.carry_out(line.services, *item)]


def sweeps(line: World, span: timedelta, *whose: UUID) -> Counter[tuple[UUID, str]]:
    """Let time pass from one thing of these tenants that is due to the next; count what was done."""
    done: Counter[tuple[UUID, str]] = Counter()
    end = line.clock.now() + span
    while line.clock.now() < end:
        done.update(sweep(line))
        found = [item.due_at for tenant in whose for item in schedules.of_tenant(line.services, tenant)]
        line.clock.at = min([end, *(at for at in found if at is not None)])
    return done


def entry(line: World, tenant_id: UUID, kind: str) -> Entry:
    """Return one row."""
    return next(item for item in schedules.of_tenant(line.services, tenant_id) if item.kind == kind)


def make_idle(line: World, tenant_id: UUID) -> None:
    """Let a tenant's newest run have been over for an hour."""
    with line.services.store.transaction() as session:
        latest = runs.latest(session, tenant_id)
        assert latest
        runs.finish(session, latest.id, line.clock.now() - HOUR)


def test_everyone_is_scored_anew_once_a_night(line: World) -> None:
    """In the night of the account's own time zone."""
    tokyo = settled(line, "code-2", "202", "Asia/Tokyo")
    line.clock.at += FRESH
    done = sweeps(line, DAY, tokyo)
    assert done[tokyo, "nightly"] == 1
    ran_at = entry(line, tokyo, "nightly").last_run_at
    assert ran_at
    assert 1 <= ran_at.astimezone(ZoneInfo("Asia/Tokyo")).hour <= 5
    assert runs_of(line, tokyo) == 2


def test_thousands_do_not_start_at_once() -> None:
    """Each has a place of its own, spread evenly over the hours of the night."""
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    starts = [next_night(UUID(int=number), "Europe/Lisbon", at) for number in range(2_000)]
    hours = Counter(start.hour for start in starts)
    assert set(hours) == {1, 2, 3, 4}
    assert max(hours.values()) < 600


@pytest.mark.parametrize("zone", ["Europe/Lisbon", "America/New_York", "Asia/Kathmandu", "no/such", "", "../x"])
def test_each_night_comes_once_whatever_the_clocks_do(zone: str) -> None:
    """Over a year with both changes of the hour."""
    tenant, at = UUID(int=7), datetime(2026, 1, 1, tzinfo=UTC)
    nights = []
    for _ in range(365):
        at = next_night(tenant, zone, at)
        nights.append(at)
    gaps = {later - earlier for earlier, later in pairwise(nights)}
    assert gaps <= {DAY, DAY - HOUR, DAY + HOUR}


def test_what_was_missed_is_done_once(line: World) -> None:
    """Nobody swept for a week."""
    tenant = settled(line, "code-2", "202")
    sweep(line)
    line.clock.at += timedelta(days=6, hours=20)
    done = sweeps(line, HOUR, tenant)
    assert done[tenant, "nightly"] == 1
    due_at = entry(line, tenant, "nightly").due_at
    assert due_at
    assert line.clock.now() < due_at <= line.clock.now() + DAY


def test_two_sweeps_at_once_do_it_once(line: World) -> None:
    """Both see the row; one gets it."""
    tenant = settled(line, "code-2", "202")
    sweep(line)
    line.clock.at += DAY
    one, two = schedules.due(line.services), schedules.due(line.services)
    assert (tenant, "nightly") in one
    done = [schedules.carry_out(line.services, *item) for item in [*one, *two]]
    assert done.count(True) == len(one)


def test_who_dies_at_it_is_followed_by_another(line: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once the lease has run out."""
    tenant, seen = settled(line, "code-2", "202"), []

    def dies(_services: Services, tenant_id: UUID) -> None:
        seen.append(tenant_id)
        if len(seen) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(schedules, "KINDS", {"nightly": schedules.Kind(dies, schedules.every(days=1))})
    sweep(line)
    line.clock.at += DAY
    with pytest.raises(KeyboardInterrupt):
        sweep(line)
    assert sweep(line) == []
    line.clock.at += schedules.LEASE
    assert sweep(line) == [(tenant, "nightly")]
    assert seen == [tenant, tenant]


def test_what_can_not_be_done_now_is_tried_later(line: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """After as long as was asked for; what only a person can mend waits for its next turn."""
    tenant = settled(line, "code-2", "202")
    errors: list[Exception] = [RetryLater("Busy.", after_seconds=1800), NeedsAdmin("Broken.", remedy="Mend it.")]

    def refuse(_services: Services, _tenant_id: UUID) -> None:
        raise errors.pop(0)

    monkeypatch.setattr(schedules, "KINDS", {"poll": schedules.Kind(refuse, schedules.every(hours=2))})
    sweep(line)
    line.clock.at += 2 * HOUR
    assert sweep(line) == []
    line.clock.at += timedelta(seconds=1799)
    assert schedules.due(line.services) == []
    line.clock.at += timedelta(seconds=1)
    assert sweep(line) == [(tenant, "poll")]
    assert entry(line, tenant, "poll").due_at == line.clock.now() + 2 * HOUR


def test_a_night_that_retrains_does_not_refresh_as_well(line: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once in the tenant's number of days, and never where it wants none."""
    # What else is due by the clock has tests of its own, and is asked for hundreds of times in so many days.
    monkeypatch.setattr(schedules, "KINDS", {name: schedules.KINDS[name] for name in ("retrain", "nightly")})
    weekly = settled(line, "code-2", "202")
    never = settled(line, "code-3", "303")
    with line.services.store.transaction() as session:
        tenants.save_settings(session, never, TenantSettings(retrain_days=0))
    started: Counter[tuple[UUID, str]] = Counter()
    for _ in range(15):
        for tenant in (weekly, never):
            make_idle(line, tenant)
        sweeps(line, DAY, weekly, never)
        started.update((tenant, newest(line, tenant).kind) for tenant in (weekly, never))
    assert started[weekly, pipeline.RETRAIN] == 2
    assert started[never, pipeline.RETRAIN] == 0
    assert runs_of(line, weekly) == 16


def newest(line: World, tenant_id: UUID) -> Run:
    """Return a tenant's newest run."""
    with line.services.store.reading() as session:
        found = runs.latest(session, tenant_id)
    assert found
    return found


def runs_of(line: World, tenant_id: UUID) -> int:
    """Count a tenant's runs."""
    with line.services.store.reading() as session:
        return len(runs.planned_models(session, tenant_id))


def test_a_night_waits_for_a_training_and_leaves_a_stopped_run_alone(line: World) -> None:
    """A backfill of a million people may take longer than a day."""
    tenant = settled(line, "code-2", "202")
    run = newest(line, tenant)
    with line.services.store.transaction() as session:
        runs.start_stage(session, run.id, "sync", line.clock.now())
    sweep(line)
    line.clock.at += DAY
    assert (tenant, "nightly") not in sweep(line)
    with line.services.store.transaction() as session:
        runs.stop(session, run.id, "sync", "why")
    line.clock.at += HOUR
    assert (tenant, "nightly") in sweep(line)
    assert runs_of(line, tenant) == 1


@pytest.mark.parametrize(
    ("declared", "polled"),
    [
        ({"webhooks": False}, True),
        ({"webhooks": False, "look_seconds": 60.0}, False),
        ({"webhooks": True}, False),
        ({"admin_webhook": True}, True),
        ({"admin_webhook": True, "look_seconds": 60.0}, False),
    ],
)
def test_only_who_neither_pushes_nor_can_be_looked_at_is_read_by_the_clock(
    line: World, declared: dict[str, object], polled: bool
) -> None:
    """Every five minutes, as the setting says."""
    declare(line, **{"look_seconds": None, **declared})
    tenant = settled(line, "code-2", "202")
    for _ in range(5):
        sweep(line)
        make_idle(line, tenant)
        line.clock.at += timedelta(minutes=5)
    assert runs_of(line, tenant) == (5 if polled else 1)


def test_a_place_that_no_crm_can_reach_is_told_nothing(line: World) -> None:
    """On a laptop accounts are read by the clock, until one has pushed all the same."""
    line.services = replace(line.services, hooks=HookAddresses("http://127.0.0.1:8000", SecretKeys(("s" * 32,))))
    tenant = settled(line, "code-2", "202")
    sweep(line)
    assert entry(line, tenant, "poll").cadence == timedelta(seconds=300)


def test_an_account_that_could_not_be_asked_to_push_is_read_by_the_clock(line: World) -> None:
    """And one that is disconnected is not read at all."""
    tenant = settled(line, "code-2", "202")
    with line.services.store.transaction() as session:
        (account,) = connections.of_tenant(session, tenant)
        connections.set_notice(session, account.id, "Changes are not pushed.")
    sweep(line)
    assert entry(line, tenant, "poll").cadence == timedelta(seconds=300)
    with line.services.store.transaction() as session:
        connections.set_health(session, account.id, Health.DISCONNECTED, "why")
    line.clock.at += HOUR
    sweep(line)
    assert entry(line, tenant, "poll").cadence == schedules.ASKED_AGAIN
    assert runs_of(line, tenant) == 1


def test_after_an_outage_all_accounts_are_read_soon(line: World) -> None:
    """Whatever they tried to push meanwhile; a sweep that is a little late is no outage."""
    tenant = settled(line, "code-2", "202")
    schedules.sweep(line.services)
    line.clock.at += schedules.OUTAGE - timedelta(minutes=1)
    schedules.sweep(line.services)
    assert entry(line, tenant, "catch_up").due_at is None
    line.clock.at += schedules.OUTAGE
    schedules.sweep(line.services)
    done = sweeps(line, schedules.CATCHING_UP, tenant)
    assert done[tenant, "catch_up"] == 1
    assert runs_of(line, tenant) == 2


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_idle_day_of_a_dozen_tenants_costs_the_crm_one_reading_each(
    line: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reading of an account asks for its fields and one page of each stream; nothing else is asked all day."""
    for name in ("identity", "train", "score"):
        # What costs the CRM nothing.
        stage = pipeline._BY_NAME[name]
        monkeypatch.setitem(pipeline._BY_NAME, name, replace(stage, run=lambda _job: None))
    monkeypatch.setattr(pipeline, "PLANS", {**pipeline.PLANS, pipeline.FIRST: pipeline.PLANS[pipeline.REFRESH]})
    dozen = [settled(line, f"code-{number}", str(number)) for number in range(200, 212)]
    line.work(1_000)
    asked: Counter[str] = Counter()
    app = line.services.apps["fakecrm"]
    assert isinstance(app, FakeApp)
    for crm in app.accounts.values():
        crm.trouble = lambda operation: asked.update([operation])
    for _ in range(24 * 7):
        for item in schedules.sweep(line.services):
            schedules.carry_out(line.services, *item)
        pipeline.sweep(line.services)
        line.work(1_000)
        line.clock.at += DAY / (24 * 7)
    assert asked == {"fields": 12, "read people": 12, "read clicks": 12, "read deals": 12}
    assert {runs_of(line, tenant) for tenant in dozen} == {2}


def test_a_kind_of_another_version_waits_for_it(line: World) -> None:
    """While a deployment changes, rows of both are there."""
    tenant = settled(line, "code-2", "202")
    with line.services.store.transaction() as session:
        rows.enter(session, "unknown", {tenant: rows.Next(line.clock.now(), DAY)})
    assert (tenant, "unknown") not in schedules.sweep(line.services)


def test_a_look_that_did_not_end_is_made_again(line: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that is locked half-way leaves no tenant without rows for an hour."""
    tenant = line.install("code-1").tenant_id

    def locked(*_: object) -> None:
        raise OperationalError("a statement", {}, Exception("database is locked"))

    with monkeypatch.context() as away:
        away.setattr(rows, "enter", locked)
        with pytest.raises(OperationalError):
            schedules.sweep(line.services)
    assert schedules.of_tenant(line.services, tenant) == []
    schedules.sweep(line.services)
    assert schedules.of_tenant(line.services, tenant) == []
    line.clock.at += schedules.RETRIED_AFTER
    schedules.sweep(line.services)
    assert {entry.kind for entry in schedules.of_tenant(line.services, tenant)} == set(schedules.KINDS)
    late = settled(line, "code-9", "909")
    schedules.sweep(line.services)
    assert schedules.of_tenant(line.services, late)
