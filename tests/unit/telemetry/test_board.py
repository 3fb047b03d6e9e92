"""The board: counts of several processes add up, in one process and in Redis."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from redis import Redis

from connector.errors import RetryLater
from connector.telemetry.board import FORGOTTEN_AFTER, Board, LocalBoard
from connector.telemetry.board_redis import RedisBoard
from connector.telemetry.reporter import Reporter
from connector.telemetry.series import METRICS, REQUEST_SECONDS, REQUESTS, Counts
from tests.world import NOW, StillClock


@pytest.fixture(params=["local", "redis"])
def board(request: pytest.FixtureRequest) -> Iterator[Board]:
    """Each kind of board, empty."""
    if request.param == "local":
        yield LocalBoard()
        return
    client = Redis.from_url(request.getfixturevalue("redis_url"))
    client.flushdb()
    yield RedisBoard(client)
    client.flushdb()
    client.close()


def test_counts_of_processes_add_up_and_signs_of_life_stay_apart(board: Board) -> None:
    """Labels may hold anything; a sweep is told by its time."""
    board.publish("web@a/1", {("n", 'of "b", c'): 2.0}, NOW)
    board.publish("web@b/1", {("n", 'of "b", c'): 0.5}, NOW + timedelta(seconds=1))
    told = board.read(NOW)
    assert told.counts == {("n", 'of "b", c'): 2.5}
    assert told.seen == {"web@a/1": NOW, "web@b/1": NOW + timedelta(seconds=1)}
    assert told.swept_at is None
    board.swept(NOW)
    assert board.read(NOW).swept_at == NOW


def test_a_process_that_was_stopped_is_forgotten(board: Board) -> None:
    """Else every upgrade would leave its processes on the page for ever."""
    board.publish("web@a/1", {}, NOW)
    later = NOW + FORGOTTEN_AFTER + timedelta(seconds=1)
    board.publish("web@a/2", {}, later)
    assert list(board.read(later).seen) == ["web@a/2"]


def test_counts_wait_while_redis_is_away() -> None:
    """Nothing is lost and nothing raised: counting is never a reason to fail."""
    counts, lost = Counts(), RedisBoard(Redis.from_url("redis://127.0.0.1:1/0"))
    counts.add(REQUESTS, "/", "200")
    Reporter(lost, counts, StillClock(), "web").report()
    with pytest.raises(RetryLater, match="REDIS_URL can't be used"):
        lost.ping()
    local = LocalBoard()
    Reporter(local, counts, StillClock(), "web").report()
    assert local.read(NOW).counts == {(REQUESTS.name, "/", "200"): 1.0}


@pytest.mark.parametrize(("value", "bound"), [(0.0, "0.005"), (0.005, "0.005"), (0.0051, "0.01"), (61.0, "+Inf")])
def test_a_value_falls_under_the_bound_that_is_not_below_it(value: float, bound: str) -> None:
    """As Prometheus counts: bounds belong to their bucket."""
    counts = Counts()
    counts.observe(REQUEST_SECONDS, "/", value=value)
    name = (REQUEST_SECONDS.name, "/")
    assert counts.take() == {(*name, bound): 1.0, (*name, "count"): 1.0, (*name, "sum"): value}
    assert counts.take() == {}


def test_names_are_unique() -> None:
    """Two metrics of one name would be added up."""
    assert len({metric.name for metric in METRICS}) == len(METRICS)
