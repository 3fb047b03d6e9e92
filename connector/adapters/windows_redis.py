"""The rate governor's memory in Redis, shared by all workers. See :mod:`connector.adapters.windows`."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from redis import Redis

from connector.adapters.windows import GRACE, HOUR, HOURS, LONGEST_REQUEST, LOOK, POLL, REALTIME_MEMORY, Ask

# KEYS: places in flight, places ageing, queue, promised returns, block, last real-time request.
# ARGV: waiter, priority (0 real-time, 1 bulk), full, limit, longest request, real-time memory, grace, poll, place,
# look; the windows' docstrings say what they mean.
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
redis.call('ZADD', promised, now + math.min(wait, tonumber(ARGV[10])), waiter)
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

# KEYS: the allowance's slots. ARGV: requests, limit, seconds of a slot, slots that count.
_SPEND = """
local now = tonumber(redis.call('TIME')[1])
local size = tonumber(ARGV[3])
local hour = math.floor(now / size)
local total = 0
local held = redis.call('HGETALL', KEYS[1])
for place = 1, #held, 2 do
  if tonumber(held[place]) < hour - ARGV[4] then
    redis.call('HDEL', KEYS[1], held[place])
  else
    total = total + held[place + 1]
  end
end
if total + ARGV[1] > tonumber(ARGV[2]) then
  return (hour + 1) * size - now
end
redis.call('HINCRBY', KEYS[1], hour, ARGV[1])
redis.call('EXPIRE', KEYS[1], size * (ARGV[4] + 1))
return 0
"""


class RedisWindows:
    """Windows shared by all workers. Times are the Redis server's."""

    def __init__(self, redis: Redis) -> None:
        """Register the scripts; sends nothing yet."""
        self._redis = redis
        self._take = redis.register_script(_TAKE)
        self._settle = redis.register_script(_SETTLE)
        self._block = redis.register_script(_BLOCK)
        self._spend = redis.register_script(_SPEND)

    def take(self, ask: Ask) -> float:
        """Take a place and return 0, or return the seconds after which to ask again."""
        keys = [f"{ask.key}:{part}" for part in ("flight", "ageing", "queue", "promised", "block", "active")]
        rank = 0 if ask.realtime else 1
        numbers = (rank, ask.full, ask.limit, LONGEST_REQUEST + ask.seconds, REALTIME_MEMORY, GRACE, POLL)
        answer: Any = self._take(keys=keys, args=[ask.waiter, *numbers, uuid4().hex, LOOK])
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

    def spend(self, key: str, requests: int, limit: int, *, slot: int = HOUR, slots: int = HOURS) -> float:
        """Count requests of the running slot and return 0, or return the seconds until there may be room again."""
        answer: Any = self._spend(keys=[f"{key}:hours"], args=[requests, limit, slot, slots])
        return float(answer)
