"""The daily drift watch over a tenant's life: silence, an alarm, a word on it, and calm again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.services import schedules
from connector.services.drift import alarms, watching
from connector.store import drifting, tenants
from connector.store.drifting import ARRIVALS
from connector.store.session import Store
from tests.databases import sqlite_store
from tests.services.copies import copied
from tests.services.drift_world import A_DAY, come, tenant_of, watched_world
from tests.world import World


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """After its training, and nine days in which nothing changed."""
    with watched_world(tmp_path_factory.mktemp("drift")) as made:
        come(made, 9)
        watching.watch(made.services, tenant_of(made))
        yield made


@pytest.fixture
def line(lived: World, tmp_path: Path) -> Iterator[World]:
    """The same, to be changed."""
    store: Store = sqlite_store(tmp_path / "line.db")
    yield copied(lived, store)
    store.close()


def test_who_comes_as_before_gives_no_alarm(lived: World) -> None:
    """What was looked at is kept, and what is expected of it."""
    tenant_id = tenant_of(lived)
    assert list(alarms.open_alarms(lived.services, tenant_id)) == []
    with lived.services.store.reading(tenant_id) as session:
        kept = drifting.latest(session, tenant_id)
    assert kept
    summary = kept[1][ARRIVALS]
    assert summary["judged"] >= 4 * 75
    assert 0.4 < summary["expected"]["auc"] < 1
    assert kept[1]["missing:fakecrm.city"]["share"] == [0.0, 0.0]
    # With so few conversions a scorecard serves, whose chances nobody is to believe.
    assert summary["cohort"] is None


def test_a_field_that_nobody_fills_in_any_more_is_an_alarm_until_it_is_filled_in_again(line: World) -> None:
    """One alarm with one sentence and one action, on the record once somebody says what it is."""
    tenant_id = come(line, 11, with_city=False)
    watching.watch(line.services, tenant_id)
    (alarm,) = alarms.open_alarms(line.services, tenant_id)
    assert alarm.sentence.startswith("Missing “City” rose from 0 % to ")
    assert "form" in alarm.action
    watching.watch(line.services, tenant_id)
    assert [one.id for one in alarms.open_alarms(line.services, tenant_id)] == [alarm.id]
    assert alarms.accept(line.services, tenant_id, alarm.id)
    assert not alarms.accept(line.services, tenant_id, alarm.id)
    assert list(alarms.open_alarms(line.services, tenant_id)) == []
    come(line, 14)
    watching.watch(line.services, tenant_id)
    with line.services.store.reading(tenant_id) as session:
        assert drifting.open_alarms(session, tenant_id) == []
        assert [one.id for one in drifting.closed_alarms(session, tenant_id, 5)] == [alarm.id]


def test_an_alarm_calls_for_a_training_only_where_the_tenant_chose_so(line: World) -> None:
    """By bringing the schedule forward; no model is made by the watch."""
    tenant_id = come(line, 11, with_city=False)
    schedules.enter(line.services)
    before = _due(line, "retrain")
    copy = line.services.store
    watching.watch(line.services, tenant_id)
    assert _due(line, "retrain") == before
    with copy.transaction(tenant_id) as session:
        drifting.close(session, tenant_id, ["fakecrm.city"], line.clock.now())
    alarms.let_alarms_retrain(line.services, tenant_id, wanted=True)
    with copy.reading(tenant_id) as session:
        assert tenants.get(session, tenant_id).settings.retrain_on_drift
    watching.watch(line.services, tenant_id)
    assert _due(line, "retrain") == line.clock.now()


def test_it_is_done_by_the_clock_once_a_day(line: World) -> None:
    """A kind of its own, due within a day."""
    schedules.enter(line.services)
    due = _due(line, watching.KIND)
    assert due is not None
    assert 0 < (due - line.clock.now()).total_seconds() <= 2 * 86_400


def test_of_very_many_an_even_part_is_read(lived: World) -> None:
    """Never more than are wanted, whoever came when."""
    tenant_id = tenant_of(lived)
    now = lived.clock.now()
    with lived.services.store.reading(tenant_id) as session:
        since = now - watching.BACK
        whole = drifting.came(session, tenant_id, since, now)
        part = drifting.arrived(session, tenant_id, since, now, 100)
    assert whole > 30 * A_DAY
    assert 70 <= len(part) <= 100


def _due(line: World, kind: str) -> object:
    return next(one.due_at for one in schedules.of_tenant(line.services, tenant_of(line)) if one.kind == kind)
