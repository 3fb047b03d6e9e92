"""The two memories of the rate governor: Redis for all workers, a dictionary for one process.

Both hold the same four things for a budget: the places taken with the instant at which
each is free again, the queue of waiters with the instant at which each said it would be
back, the end of a block, and the last real-time request. A waiter passes when the free
places reach its turn; real-time waiters stand before bulk ones.
"""

from __future__ import annotations

import heapq
import threading
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from redis import Redis

from connector.adapters.limits import LONGEST_REQUEST, REALTIME_MEMORY, Ask, Priority
from connector.clock import Clock

GRACE = 2.0
"""Seconds after which a waiter that did not come back has lost its turn."""

POLL = 0.02
"""Seconds between asks while only requests in flight stand in the way: their end is not known ahead."""

# KEYS: places in flight, places ageing, queue, promised returns, block, last real-time request.
# ARGV: waiter, priority (0 real-time, 1 bulk), full, limit, longest request, real-time memory, grace, poll, place.
# The server's own clock is used, so that workers' clocks need not agree.
_TAKE = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local flight, ageing, queue, promised, block, active = unpack(KEYS)
local waiter, priority, full = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
redis.call('ZREMRANGEBYSCORE', flight, '-inf', now)
redis.call('ZREMRANGEBYSCORE', ageing, '-inf', now)
for _, lost in ipairs(redis.call('ZRANGEBYSCORE', promised, '-inf', now - ARGV[7])) do
  redis.call('ZREM', queue, lost)
  redis.call('ZREM', promised, lost)
end
local limit = full
if priority == 0 then
  redis.call('SET', active, '1', 'PX', math.floor(ARGV[6] * 1000))
elseif redis.call('EXISTS', active) == 1 then
  limit = tonumber(ARGV[4])
end
if not redis.call('ZSCORE', queue, waiter) then
  redis.call('ZADD', queue, priority * 1e11 + now, waiter)
end
local turn = redis.call('ZRANK', queue, waiter)
local flying = redis.call('ZCARD', flight)
local aged = redis.call('ZCARD', ageing)
local missing = turn + 1 - (limit - flying - aged)
local blocked = tonumber(redis.call('GET', block) or '0') - now
local wait = 0
if missing > 0 then
  wait = tonumber(ARGV[8])
  if missing <= aged then
    wait = tonumber(redis.call('ZRANGE', ageing, missing - 1, missing - 1, 'WITHSCORES')[2]) - now
  end
end
wait = math.max(wait, blocked)
for _, key in ipairs({flight, ageing, queue, promised}) do redis.call('EXPIRE', key, 600) end
if wait <= 0 then
  redis.call('ZREM', queue, waiter)
  redis.call('ZREM', promised, waiter)
  redis.call('ZADD', flight, now + ARGV[5], ARGV[9])
  return '0'
end
redis.call('ZADD', promised, now + wait, waiter)
return string.format('%.6f', wait)
"""

_SETTLE = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local place = redis.call('ZPOPMIN', KEYS[1])[1]
if place then
  redis.call('ZADD', KEYS[2], now + ARGV[1], place)
  redis.call('EXPIRE', KEYS[2], 600)
end
"""

_BLOCK = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local ends = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now + ARGV[1])
redis.call('SET', KEYS[1], string.format('%.6f', ends), 'PX', math.ceil((ends - now) * 1000) + 1000)
"""


class RedisWindows:
    """Windows shared by all workers. Times are the Redis server's."""

    def __init__(self, redis: Redis) -> None:
        """Register the scripts; sends nothing yet."""
        self._redis = redis
        self._take = redis.register_script(_TAKE)
        self._settle = redis.register_script(_SETTLE)
        self._block = redis.register_script(_BLOCK)

    def take(self, ask: Ask) -> float:
        """Take a place and return 0, or return the seconds after which to ask again."""
        keys = [f"{ask.key}:{part}" for part in ("flight", "ageing", "queue", "promised", "block", "active")]
        rank = 0 if ask.priority is Priority.REALTIME else 1
        numbers = (rank, ask.full, ask.limit, LONGEST_REQUEST + ask.seconds, REALTIME_MEMORY, GRACE, POLL)
        answer: Any = self._take(keys=keys, args=[ask.waiter, *numbers, uuid4().hex])
        return float(answer)

    def leave(self, ask: Ask) -> None:
        """Give up the waiter's turn."""
        for part in ("queue", "promised"):
            self._redis.zrem(f"{ask.key}:{part}", ask.waiter)

    def settle(self, key: str, seconds: float) -> None:
        """Let the oldest request in flight age out ``seconds`` from now."""
        self._settle(keys=[f"{key}:flight", f"{key}:ageing"], args=[seconds])

    def block(self, key: str, seconds: float) -> None:
        """Let nobody through for ``seconds``."""
        self._block(keys=[f"{key}:block"], args=[seconds])


@dataclass(slots=True)
class _Window:
    flight: list[float] = field(default_factory=list)
    ageing: list[float] = field(default_factory=list)
    queue: dict[str, tuple[int, int]] = field(default_factory=dict)
    promised: dict[str, float] = field(default_factory=dict)
    blocked_until: float = 0.0
    active_until: float = float("-inf")
    arrivals: int = 0

    def forget(self, now: float) -> None:
        for places in (self.flight, self.ageing):
            while places and places[0] <= now:
                heapq.heappop(places)
        for waiter in [name for name, until in self.promised.items() if until + GRACE < now]:
            del self.promised[waiter]
            del self.queue[waiter]

    def turn(self, ask: Ask) -> int:
        if ask.waiter not in self.queue:
            self.arrivals += 1
            rank = 0 if ask.priority is Priority.REALTIME else 1
            self.queue[ask.waiter] = (rank, self.arrivals)
        return sorted(self.queue, key=self.queue.__getitem__).index(ask.waiter)

    def wait(self, missing: int, now: float) -> float:
        blocked = self.blocked_until - now
        if missing <= 0:
            return max(0.0, blocked)
        if missing > len(self.ageing):
            return max(POLL, blocked)
        return max(heapq.nsmallest(missing, self.ageing)[-1] - now, blocked)


class LocalWindows:
    """Windows of one process, on any clock: for a virtual one and for a single worker without Redis."""

    def __init__(self, clock: Clock) -> None:
        """Start with every window empty."""
        self._clock = clock
        self._lock = threading.Lock()
        self._windows: dict[str, _Window] = {}

    def take(self, ask: Ask) -> float:
        """Take a place and return 0, or return the seconds after which to ask again."""
        with self._lock:
            now = self._clock.monotonic()
            window = self._windows.setdefault(ask.key, _Window())
            window.forget(now)
            limit = self._limit(window, ask, now)
            free = limit - len(window.flight) - len(window.ageing)
            wait = window.wait(window.turn(ask) + 1 - free, now)
            if wait > 0:
                window.promised[ask.waiter] = now + wait
                return wait
            window.queue.pop(ask.waiter)
            window.promised.pop(ask.waiter, None)
            heapq.heappush(window.flight, now + LONGEST_REQUEST + ask.seconds)
            return 0.0

    def leave(self, ask: Ask) -> None:
        """Give up the waiter's turn."""
        with self._lock:
            window = self._windows.setdefault(ask.key, _Window())
            window.queue.pop(ask.waiter, None)
            window.promised.pop(ask.waiter, None)

    def settle(self, key: str, seconds: float) -> None:
        """Let the oldest request in flight age out ``seconds`` from now."""
        with self._lock:
            window = self._windows.setdefault(key, _Window())
            if window.flight:
                heapq.heappop(window.flight)
                heapq.heappush(window.ageing, self._clock.monotonic() + seconds)

    def block(self, key: str, seconds: float) -> None:
        """Let nobody through for ``seconds``."""
        with self._lock:
            window = self._windows.setdefault(key, _Window())
            window.blocked_until = max(window.blocked_until, self._clock.monotonic() + seconds)

    @staticmethod
    def _limit(window: _Window, ask: Ask, now: float) -> int:
        if ask.priority is Priority.REALTIME:
            window.active_until = now + REALTIME_MEMORY
            return ask.full
        return ask.limit if window.active_until > now else ask.full
