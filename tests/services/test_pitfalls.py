"""Each pitfall at its bounds, since when, and as an alert with one thing to do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connector.services import schedules
from connector.services.digest import alerts
from connector.services.lane_speed import LaneSpeed
from connector.services.pitfalls import checks, watching
from connector.services.pitfalls.checks import PITFALLS, Finding, Known, Level
from connector.store import models
from connector.store.models import Decided, ModelVersion
from connector.store.session import Store
from tests.databases import sqlite_store
from tests.services.kpis.history import DAY, History, history
from tests.world import NOW

NO_LANE = LaneSpeed(0, None)


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[History]:
    """A tenant with nothing in it."""
    store = sqlite_store(tmp_path / "pitfalls.db")
    yield history(store)
    store.close()


def known(report: dict[str, Any] | None, before: dict[str, Any] | None = None, lane: LaneSpeed = NO_LANE) -> Known:
    """One report for what scores and what was trained last."""
    return Known(report, report, "model_v2", before, lane)


def held(*fields: str) -> dict[str, Any]:
    """A report whose guard holds these fields back."""
    return {
        "quarantine": {"held_back": list(fields)},
        "leakage": [{"field": one, "label": one.upper()} for one in fields],
    }


def importance(**shares: float) -> dict[str, Any]:
    """A report of features with these shares; the labels are those of fields that are used, ``u…`` undated."""
    return {
        "features": [{"label": name, "concept": name, "importance": share} for name, share in shares.items()],
        "inputs": [
            {"label": name, "use": "used", "knowledge": "undated" if name.startswith("u") else "intake"}
            for name in shares
            if not name.startswith("act")
        ],
    }


def even(count: int) -> dict[str, Any]:
    """So many facts that carry the same."""
    return importance(**{f"f{number}": 1.0 for number in range(count)})


def unknown(report: dict[str, Any], mostly: int, of: int) -> dict[str, Any]:
    """With leading facts of which some are mostly unknown."""
    dots = [[0.0, None]] * 6 + [[0.0, 0.5]] * 4, [[0.0, None]] * 5 + [[0.0, 0.5]] * 5
    return report | {"influence": [{"dots": dots[place >= mostly]} for place in range(of)]}


@pytest.mark.parametrize(
    ("newest", "before", "level"),
    [
        (held(), held("a"), Level.FINE),
        (held("a"), None, Level.ACT),
        (held("a", "b"), held("a"), Level.ACT),
        (held("a"), held("a", "b"), Level.WATCH),
    ],
)
def test_a_field_that_is_newly_suspect_is_to_be_decided_on(
    newest: dict[str, Any], before: dict[str, Any] | None, level: Level
) -> None:
    assert checks.leakage(known(newest, before)).level is level


def test_suspect_fields_are_called_as_people_call_them() -> None:
    """New ones alone, and not all of very many."""
    assert "“B”. The model before it did not." in checks.leakage(known(held("a", "b"), held("a"))).sentence
    assert "“A”, “B”, “C” and 1 more" in checks.leakage(known(held("a", "b", "c", "d"))).sentence


@pytest.mark.parametrize(
    ("conversions", "level"), [(29, Level.ACT), (30, Level.WATCH), (99, Level.WATCH), (100, Level.FINE)]
)
def test_few_conversions(conversions: int, level: Level) -> None:
    found = checks.imbalance(known({"conversions": conversions, "leads": 5_000}))
    assert (found.level, found.number) == (level, f"{conversions} converting leads of 5,000")


@pytest.mark.parametrize(
    ("report", "level"),
    [
        (even(2), Level.ACT),
        (even(3), Level.WATCH),
        (even(5), Level.FINE),
        (importance(a=98.01, b=1.99), Level.ACT),
        (even(2) | {"goal": {"most_facts": 2}}, Level.FINE),
        (unknown(even(6), 1, 6), Level.WATCH),
        (unknown(even(6), 3, 6), Level.WATCH),
        (unknown(even(6), 4, 6), Level.ACT),
        (unknown(even(6), 0, 6), Level.FINE),
    ],
)
def test_poor_features(report: dict[str, Any], level: Level) -> None:
    assert checks.poor_features(known(report)).level is level


@pytest.mark.parametrize(
    ("seconds", "level"),
    [(None, Level.UNKNOWN), (60.0, Level.FINE), (60.1, Level.WATCH), (120.0, Level.WATCH), (120.1, Level.ACT)],
)
def test_a_slow_crm(seconds: float | None, level: Level) -> None:
    assert checks.slow_crm(known(None, lane=LaneSpeed(40, seconds))).level is level


@pytest.mark.parametrize(
    ("report", "level"),
    [
        (importance(a=50, b=50), Level.WATCH),
        (importance(a=50.1, b=49.9), Level.ACT),
        (importance(a=35, b=35, c=30), Level.FINE),
        (importance(a=36, b=34, c=30), Level.WATCH),
        # What a lead did is no field that somebody fills in.
        (importance(acts=90, a=10), Level.FINE),
        (importance(acts=100), Level.FINE),
        (importance(u=20, a=30, acts=50), Level.FINE),
        (importance(u=20.1, a=29.9, acts=50), Level.ACT),
    ],
)
def test_a_model_that_one_field_drives(report: dict[str, Any], level: Level) -> None:
    assert checks.one_field(known(report)).level is level


def test_without_a_model_nothing_is_known() -> None:
    """Nor by reports of earlier releases."""
    for pitfall in PITFALLS:
        assert pitfall.look(known(None)).level is Level.UNKNOWN, pitfall.key
    assert checks.imbalance(known({})).level is Level.UNKNOWN
    assert checks.poor_features(known({})).level is Level.UNKNOWN
    assert checks.one_field(known({})).level is Level.UNKNOWN


def train(made: History, version: str, report: dict[str, Any]) -> None:
    """Let a model be trained and score."""
    now = made.clock.now()
    with made.services.store.transaction(made.tenant_id) as session:
        trained = ModelVersion(version, now, 1, b"", version, report, now)
        models.keep(session, made.tenant_id, trained, models.WAITING, Decided({}, now))
        models.publish(session, made.tenant_id, version, 1, now)


def states(made: History) -> dict[str, tuple[Level, Any]]:
    return {one.pitfall.key: (one.level, one.since) for one in watching.standing(made.services, made.tenant_id)}


def test_a_state_keeps_its_time_until_it_changes_and_alerts_are_those_to_act_on(store: Store) -> None:
    """On both databases. One that comes again later is another alert."""
    made = history(store)
    services, tenant = made.services, made.tenant_id
    assert states(made)["leakage"] == (Level.UNKNOWN, None)
    assert alerts.pitfalls(services, tenant) == []
    train(made, "m1", held("a") | even(6) | {"conversions": 500, "leads": 9_000})
    watching.look(services, tenant)
    assert states(made)["leakage"] == (Level.ACT, NOW)
    assert states(made)["imbalance"] == (Level.FINE, NOW)
    (first,) = alerts.pitfalls(services, tenant)
    assert "m1 holds back what may give the outcome away: “A”." in first.sentence
    assert first.action.startswith("Open the page Fields")
    services.clock.sleep(3_600)
    watching.look(services, tenant)
    assert states(made)["leakage"] == (Level.ACT, NOW)
    assert list(alerts.pitfalls(services, tenant)) == [first]
    train(made, "m2", held("a") | even(6) | {"conversions": 20, "leads": 9_000})
    watching.look(services, tenant)
    later = NOW + timedelta(hours=1)
    assert states(made)["leakage"] == (Level.WATCH, later)
    assert states(made)["features"] == (Level.FINE, NOW)
    assert [one.sentence for one in alerts.open_alerts(services, tenant)] == [
        "Only 20 leads have converted whose time is over: fixed rules score, nothing was learned."
    ]
    services.clock.sleep(60)
    train(made, "m3", held("a", "b") | even(6) | {"conversions": 500, "leads": 9_000})
    watching.look(services, tenant)
    (again,) = alerts.pitfalls(services, tenant)
    assert again.key != first.key


def test_it_is_done_by_the_clock(empty: History) -> None:
    """In the night of the tenant, and every pitfall has a state afterwards."""
    schedules.enter(empty.services)
    empty.clock.at += 2 * DAY
    assert (empty.tenant_id, "pitfalls") in schedules.due(empty.services)
    assert schedules.carry_out(empty.services, empty.tenant_id, "pitfalls")
    assert {level for level, since in states(empty).values() if since} == {Level.UNKNOWN}


def test_every_pitfall_says_what_to_do(empty: History) -> None:
    """And no two are the same."""
    assert len({pitfall.key for pitfall in PITFALLS}) == len(PITFALLS) == 5
    for pitfall in PITFALLS:
        for text in (pitfall.symptom, pitfall.bound, pitfall.remedy):
            assert text.endswith("."), pitfall.key
    assert isinstance(checks.leakage(known(held())), Finding)
