"""The governor's memory, of either kind, on a virtual clock."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import redis

from connector.adapters.windows import LocalWindows, Windows
from connector.adapters.windows_redis import RedisWindows
from tests.unit.adapters.clocks import VirtualClock

TELLS_THE_TIME = "redis.call('TIME')"


class ClockedRedis(redis.Redis):
    """A server whose scripts are told the time by the test's clock."""

    clock: VirtualClock

    def register_script(self, script: Any) -> Any:
        registered = super().register_script(script.replace(TELLS_THE_TIME, "redis.call('LRANGE', 'clock', 0, 1)"))

        def run(keys: list[str], args: list[Any]) -> Any:
            seconds, micros = divmod(round((self.clock.passed + 1e6) * 1e6), 1_000_000)
            with self.pipeline() as together:
                together.delete("clock")
                together.rpush("clock", seconds, micros)
                registered(keys=keys, args=args, client=together)
                return together.execute()[-1]

        return run


@pytest.fixture(params=["local", "redis"])
def memory(request: pytest.FixtureRequest) -> Iterator[tuple[Windows, VirtualClock]]:
    """The governor's memory, of either kind, on a virtual clock."""
    clock = VirtualClock()
    if request.param == "local":
        yield LocalWindows(clock), clock
        return
    server: ClockedRedis = ClockedRedis.from_url(request.getfixturevalue("redis_url"))
    server.flushdb()
    server.clock = clock
    yield RedisWindows(server), clock
