"""The board in Redis, beside the wake-ups: a flush resets counts to nothing, which Prometheus understands."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from redis import Redis, RedisError

from connector.errors import RetryLater
from connector.telemetry.board import FORGOTTEN_AFTER, Told
from connector.telemetry.series import Series

COUNTS = "telemetry:counts"
SEEN = "telemetry:seen"
SWEPT = "telemetry:swept"


@dataclass(frozen=True, slots=True)
class BrokerFacts:
    """What decides whether a Redis server is fit to carry the wake-ups.

    ``waiting``: queue → wake-ups nobody has taken yet.
    """

    version: str
    eviction: str
    persistent: bool
    now: datetime
    waiting: Mapping[str, int]


@contextmanager
def _reachable() -> Iterator[None]:
    try:
        yield
    except RedisError as error:
        # The library's own words may hold the address with its password.
        raise RetryLater(f"The Redis server of REDIS_URL can't be used: {type(error).__name__}.") from None


class RedisBoard:
    """A board for all processes on all machines."""

    def __init__(self, redis: Redis) -> None:
        """Use the broker's server; sends nothing yet."""
        self._redis = redis

    def publish(self, process: str, counts: Mapping[Series, float], now: datetime) -> None:
        """Add the counts up on the server, all or none."""
        with _reachable(), self._redis.pipeline(transaction=True) as batch:
            for series, amount in counts.items():
                batch.hincrbyfloat(COUNTS, json.dumps(series), amount)
            batch.zadd(SEEN, {process: now.timestamp()})
            batch.zremrangebyscore(SEEN, "-inf", (now - FORGOTTEN_AFTER).timestamp())
            batch.execute()

    def swept(self, now: datetime) -> None:
        """Note the time."""
        with _reachable():
            self._redis.set(SWEPT, now.timestamp())

    def read(self, now: datetime) -> Told:
        """Return everything in one question."""
        with _reachable(), self._redis.pipeline(transaction=False) as batch:
            batch.hgetall(COUNTS)
            batch.zrange(SEEN, 0, -1, withscores=True)
            batch.get(SWEPT)
            counts, seen, swept = batch.execute()
        return Told(
            {tuple(json.loads(name)): float(amount) for name, amount in counts.items()},
            {name.decode(): _time(at) for name, at in seen},
            _time(swept) if swept else None,
        )

    def ping(self) -> None:
        """Ask for a sign of life."""
        with _reachable():
            self._redis.ping()

    def facts(self, queues: tuple[str, ...]) -> BrokerFacts:
        """Ask the server about itself, and how much waits in ``queues``."""
        with _reachable():
            told: Any = self._redis.info()
            seconds, micros = self._redis.time()
            waiting = {queue: int(self._redis.llen(queue)) for queue in queues}
        saves = told.get("aof_enabled") or _snapshots(self._redis)
        return BrokerFacts(
            str(told.get("valkey_version") or told["redis_version"]),
            str(told.get("maxmemory_policy", "unknown")),
            bool(saves),
            _time(seconds + micros / 1_000_000),
            waiting,
        )


def _snapshots(redis: Redis) -> bool:
    """Whether the server saves snapshots by a schedule; hosted servers don't say, and are believed."""
    try:
        return bool(redis.config_get("save").get("save"))
    except RedisError:
        return True


def _time(seconds: Any) -> datetime:
    return datetime.fromtimestamp(float(seconds), UTC)
