"""The rate governor on a virtual clock."""

from __future__ import annotations

import bisect
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.adapters.contract import Budget, Lane
from connector.adapters.limits import ADMITTED, ADMITTED_SECONDS, REALTIME_WAIT, Governor
from connector.adapters.windows import LONGEST_REQUEST, REALTIME_MEMORY
from connector.errors import RetryLater
from tests.unit.adapters.clocks import MustWaitError, VirtualClock

BURST = Budget("burst", 110, 10.0)


def fullest_window(arrivals: list[float], seconds: float) -> int:
    """Return the most arrivals in any window (t - seconds, t]."""
    ordered = sorted(arrivals)
    return max(index + 1 - bisect.bisect_right(ordered, at - seconds) for index, at in enumerate(ordered))


@given(
    requests=st.integers(1, 12),
    seconds=st.floats(0.5, 10.0),
    delays=st.lists(st.tuples(st.floats(0, 0.5), st.floats(0, 0.5), st.floats(0, 2.0)), min_size=1, max_size=60),
)
def test_no_window_of_the_vendor_ever_holds_more_than_the_budget(
    requests: int, seconds: float, delays: list[tuple[float, float, float]]
) -> None:
    """However long requests travel and answers take, the vendor counts at most the budget in any window."""
    clock = VirtualClock()
    lane = Governor(None, clock).lane("crm", "1", [Budget("b", requests, seconds)], realtime=False)
    arrivals = []
    for outward, homeward, pause in delays:
        lane.acquire("b")
        clock.sleep(outward)
        arrivals.append(clock.passed)
        clock.sleep(homeward)
        lane.settle("b")
        clock.sleep(pause)
    assert fullest_window(arrivals, seconds) <= requests


def test_a_busy_lane_reaches_at_least_95_percent_of_the_ceiling() -> None:
    """A backfill that never rests uses nearly all of the published budget."""
    clock, draw = VirtualClock(), random.Random(7)
    lane = Governor(None, clock).lane("crm", "1", [BURST], realtime=False)
    sent = 5000
    for _ in range(sent):
        lane.acquire("burst")
        clock.sleep(draw.uniform(0.005, 0.06))
        lane.settle("burst")
    assert sent / clock.passed >= 0.95 * BURST.requests / BURST.seconds


def test_bulk_work_leaves_the_reserve_while_real_time_work_is_active() -> None:
    """After a real-time request bulk gets 80 % of the window, and all of it once real-time work is idle."""
    clock = VirtualClock()
    governor = Governor(None, clock, reserve=0.2)
    bulk = governor.lane("crm", "1", [BURST], realtime=False)
    governor.lane("crm", "1", [BURST], realtime=True).acquire("burst")
    assert _passed_at_once(bulk, clock) == 87
    clock.sleep(REALTIME_MEMORY)
    assert _passed_at_once(bulk, clock) == 22


def test_real_time_work_finds_its_reserve_when_bulk_has_taken_its_share() -> None:
    """The places that bulk must leave are there at once for real-time work."""
    clock = VirtualClock()
    governor = Governor(None, clock, reserve=0.2)
    fast = governor.lane("crm", "1", [BURST], realtime=True)
    fast.acquire("burst")
    _passed_at_once(governor.lane("crm", "1", [BURST], realtime=False), clock)
    assert _passed_at_once(fast, clock) == 22


def test_a_penalty_stops_every_lane_of_the_budget_and_no_other() -> None:
    """When the vendor says no, all workers on that account and budget wait; others do not."""
    clock = VirtualClock()
    governor = Governor(None, clock)
    one = governor.lane("crm", "1", [BURST, Budget("search", 5, 1.0)], realtime=False)
    governor.lane("crm", "1", [BURST], realtime=True).penalise("burst", 7.0)
    one.acquire("search")
    governor.lane("crm", "2", [BURST], realtime=False).acquire("burst")
    assert clock.passed == 0
    one.acquire("burst")
    assert clock.passed == pytest.approx(7.0, abs=0.1)


def test_a_wait_of_more_than_a_minute_goes_back_to_the_queue() -> None:
    """A worker does not stand still for an hour: the work is told to come back later."""
    clock = VirtualClock()
    lane = Governor(None, clock).lane("crm", "1", [BURST], realtime=False)
    lane.penalise("burst", 3600)
    with pytest.raises(RetryLater) as refused:
        lane.acquire("burst")
    assert refused.value.after_seconds == pytest.approx(3600)
    assert clock.passed < 60


def test_real_time_work_stands_waiting_for_seconds_only() -> None:
    """Other tenants' people wait behind it: what bulk work would wait for goes back to the queue."""
    clock = VirtualClock()
    governor = Governor(None, clock)
    fast, bulk = (governor.lane("crm", "1", [BURST], realtime=realtime) for realtime in (True, False))
    fast.penalise("burst", 20.0)
    with pytest.raises(RetryLater) as refused:
        fast.acquire("burst")
    assert refused.value.after_seconds == pytest.approx(20.0)
    assert clock.passed < REALTIME_WAIT
    bulk.acquire("burst")


def test_places_of_a_worker_that_died_come_back() -> None:
    """Requests that nobody settles block the window for a while, not for ever."""
    clock = VirtualClock()
    lane = Governor(None, clock).lane("crm", "1", [Budget("b", 1, 10.0)], realtime=False)
    lane.acquire("b")
    clock.sleep(LONGEST_REQUEST)
    lane.acquire("b")
    assert clock.passed <= LONGEST_REQUEST + 10.1


def _passed_at_once(lane: Lane, clock: VirtualClock) -> int:
    """Count the requests that pass before the lane wants to wait."""
    clock.frozen, passed = True, 0
    try:
        while passed < 500:
            lane.acquire("burst")
            lane.settle("burst")
            passed += 1
    except (MustWaitError, RetryLater):
        pass
    clock.frozen = False
    return passed


@given(st.lists(st.tuples(st.integers(1, 30), st.floats(0, 20_000)), min_size=1, max_size=60), st.integers(30, 200))
def test_no_24_hours_ever_hold_more_than_the_allowance(spends: list[tuple[int, float]], limit: int) -> None:
    """Whatever is asked and when: refused requests are not counted, and room comes back."""
    clock = VirtualClock()
    lane = Governor(None, clock).lane("crm", "1", [], realtime=False)
    taken: list[tuple[float, int]] = []
    for requests, pause in spends:
        clock.sleep(pause)
        try:
            lane.spend("daily", requests, limit=limit)
        except RetryLater:
            continue
        taken.append((clock.passed, requests))
    for at, _ in taken:
        assert sum(count for then, count in taken if at - 86_400 < then <= at) <= limit
    clock.sleep(26 * 3600)
    lane.spend("daily", limit, limit=limit)


def test_a_budget_without_seconds_counts_what_is_under_way() -> None:
    """Ten at one time: the eleventh waits until one is settled, however long that takes."""
    clock = VirtualClock()
    lane = Governor(None, clock).lane("crm", "1", [Budget("open", 2, 0.0)], realtime=False)
    lane.acquire("open")
    lane.acquire("open")
    with pytest.raises((RetryLater, MustWaitError)):
        lane.acquire("open")
    lane.settle("open")
    clock.sleep(0.01)
    lane.acquire("open")


@given(st.lists(st.floats(0, 3), min_size=1, max_size=80))
def test_what_is_sent_to_us_is_counted_by_sender(pauses: list[float]) -> None:
    """No ten seconds hold more than is admitted; others' requests do not count, and room comes back."""
    clock = VirtualClock()
    governor = Governor(None, clock)
    for _ in range(ADMITTED - 20):
        assert governor.admit("one") == 0
    taken = []
    for pause in pauses:
        clock.sleep(pause)
        wait = governor.admit("one")
        assert 0 <= wait <= 1
        taken += [clock.passed] if wait == 0 else []
    assert sum(at <= ADMITTED_SECONDS for at in taken) <= 20
    assert governor.admit("other") == 0
    clock.sleep(ADMITTED_SECONDS + 2)
    assert governor.admit("one") == 0
