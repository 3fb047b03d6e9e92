"""The rate governor shared through Redis."""

from __future__ import annotations

import threading
import time

import pytest
import redis

from connector.adapters.contract import Budget
from connector.adapters.limits import ADMITTED, Governor
from connector.clock import SystemClock
from connector.errors import RetryLater
from tests.unit.adapters.test_limits import fullest_window


@pytest.fixture
def server(redis_url: str | None) -> redis.Redis:
    """An empty server; the end of the run says so where there is none."""
    if redis_url is None:
        pytest.skip("no Redis-compatible server; see the end of the run")
    client = redis.Redis.from_url(redis_url)
    client.flushdb()
    return client


def test_workers_together_keep_the_budget_and_use_it(server: redis.Redis) -> None:
    """Six workers with governors of their own never exceed the window, go on after the first one, and all get turns."""
    arrivals: list[float] = []
    served = dict.fromkeys(range(6), 0)
    budget = Budget("b", 20, 0.5)

    def work(worker: int) -> None:
        lane = Governor(server, SystemClock()).lane("crm", "1", [budget], realtime=False)
        while time.monotonic() < end:
            lane.acquire("b")
            arrivals.append(time.monotonic())
            served[worker] += 1
            lane.settle("b")

    end = time.monotonic() + 3
    threads = [threading.Thread(target=work, args=(worker,)) for worker in served]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert fullest_window(arrivals, 0.5) <= 20
    assert len(arrivals) > 20
    assert min(served.values()) > 0


def test_a_penalty_reaches_the_other_workers(server: redis.Redis) -> None:
    """What the vendor told one worker stops all of them."""
    budget = [Budget("b", 20, 1.0)]
    Governor(server, SystemClock()).lane("crm", "1", budget, realtime=False).penalise("b", 120)
    with pytest.raises(RetryLater):
        Governor(server, SystemClock()).lane("crm", "1", budget, realtime=True).acquire("b")


def test_bulk_leaves_the_reserve_to_real_time_work_of_other_workers(server: redis.Redis) -> None:
    """A webhook's worker finds a free place although a backfill has taken all that it may."""
    budget = [Budget("b", 10, 30.0)]
    fast = Governor(server, SystemClock()).lane("crm", "1", budget, realtime=True)
    bulk = Governor(server, SystemClock()).lane("crm", "1", budget, realtime=False)
    fast.acquire("b")
    for _ in range(7):
        bulk.acquire("b")
    fast.acquire("b")
    fast.acquire("b")
    assert server.zcard("limits:{crm:1:b}:flight") == 10


def test_workers_together_keep_a_daily_allowance(server: redis.Redis) -> None:
    """What one worker took the others can't take again."""
    one = Governor(server, SystemClock()).lane("crm", "1", [], realtime=False)
    other = Governor(server, SystemClock()).lane("crm", "1", [], realtime=True)
    one.spend("daily", 6, limit=10)
    other.spend("daily", 4, limit=10)
    with pytest.raises(RetryLater) as refused:
        one.spend("daily", 1, limit=10)
    assert 0 < refused.value.after_seconds <= 3600
    Governor(server, SystemClock()).lane("crm", "2", [], realtime=False).spend("daily", 10, limit=10)


def test_web_processes_together_admit_what_one_would(server: redis.Redis) -> None:
    """Each counts what all took, and another sender's requests are its own."""
    one, other = (Governor(server, SystemClock()) for _ in range(2))
    admitted = sum((one if number % 2 else other).admit("site") == 0 for number in range(ADMITTED + 20))
    assert admitted == ADMITTED
    assert 0 < one.admit("site") <= 1
    assert one.admit("another site") == 0
