"""The rate governor's memory in Redis, shared by all workers. See :mod:`connector.adapters.windows`."""

from __future__ import annotations

from typing import Any

from redis import Redis

from connector.adapters.windows import (
    GRACE,
    GROWTH,
    HELD,
    HOUR,
    HOURS,
    LONGEST_REQUEST,
    LOOK,
    LOOKBACK,
    POLL,
    REALTIME_MEMORY,
    SQUEEZE,
    SWING,
    Ask,
    Rank,
    Told,
)

# How many places are left for us: the same as ``room`` of the other memory. ``others`` is a hash of what was
# lost to others, until when that is held, and when this memory began.
_ROOM = f"""
local function room_of(others, full, now)
  local lost = tonumber(redis.call('HGET', others, 'lost') or '0')
  local held = tonumber(redis.call('HGET', others, 'held') or '0')
  local taken_back = math.max(0, now - held) * full / {GROWTH}
  return math.max(1, full - math.ceil(math.max(0, lost - taken_back)))
end
"""

# KEYS: places in flight, places ageing, queue, promised returns, block, last real-time request, others.
# ARGV: waiter, rank (the highest is bulk), full, limit, longest request, real-time memory, grace, poll, look,
# lookback; the windows' docstrings say what they mean.
# The server's own clock is used, so that workers' clocks need not agree.
_TAKE = (
    _ROOM
    + f"local bulk = {int(Rank.BULK)}\n"
    + """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local flight, ageing, queue, promised, block, active, others = unpack(KEYS)
local waiter, rank, full = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
redis.call('ZREMRANGEBYSCORE', flight, '-inf', now)
redis.call('ZREMRANGEBYSCORE', ageing, '-inf', now - ARGV[10])
for _, lost in ipairs(redis.call('ZRANGEBYSCORE', promised, '-inf', now - ARGV[7])) do
  redis.call('ZREM', queue, lost)
  redis.call('ZREM', promised, lost)
end
redis.call('HSETNX', others, 'born', now)
local limit = room_of(others, full, now)
if rank < bulk then
  redis.call('SET', active, '1', 'PX', math.floor(ARGV[6] * 1000))
elseif redis.call('EXISTS', active) == 1 then
  limit = math.max(1, math.floor(ARGV[4] * limit / full))
end
if not redis.call('ZSCORE', queue, waiter) then
  redis.call('ZADD', queue, rank * 1e11 + now, waiter)
end
local turn = redis.call('ZRANK', queue, waiter)
local flying = redis.call('ZCARD', flight)
local aged = redis.call('ZCOUNT', ageing, '(' .. now, '+inf')
local missing = turn + 1 - (limit - flying - aged)
local blocked = tonumber(redis.call('GET', block) or '0') - now
local wait = 0
if missing > 0 then
  wait = tonumber(ARGV[8])
  if missing <= aged then
    local next = redis.call('ZRANGEBYSCORE', ageing, '(' .. now, '+inf', 'WITHSCORES', 'LIMIT', missing - 1, 1)
    wait = tonumber(next[2]) - now
  end
end
wait = math.max(wait, blocked)
for _, key in ipairs({flight, ageing, queue, promised}) do redis.call('EXPIRE', key, 600) end
redis.call('EXPIRE', others, 3600)
if wait <= 0 then
  redis.call('ZREM', queue, waiter)
  redis.call('ZREM', promised, waiter)
  redis.call('ZADD', flight, now + ARGV[5], waiter)
  return '0'
end
redis.call('ZADD', promised, now + math.min(wait, tonumber(ARGV[9])), waiter)
return string.format('%.6f', wait)
"""
)

# KEYS: places in flight, places ageing, others. ARGV: full, used (-1: refused without figures), limit, seconds.
_TOLD = (
    _ROOM
    + f"""
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local full, used, limit = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local flying = redis.call('ZCOUNT', KEYS[1], '(' .. now, '+inf')
local ours = flying + redis.call('ZCOUNT', KEYS[2], '(' .. (now - ARGV[4]), '+inf')
local room = limit
if used < 0 then
  room = math.min(ours - 1, math.floor(ours * {SQUEEZE}))
elseif used > ours then
  local surely = 1 + redis.call('ZCOUNT', KEYS[2], '(' .. (now + ARGV[4]), '+inf')
  room = limit - math.ceil({SWING} * (used - surely))
end
if room <= room_of(KEYS[3], full, now) and room < full then
  local born = tonumber(redis.call('HGET', KEYS[3], 'born') or tostring(now))
  local held = now + math.min({HELD}, math.max(0, now - born))
  redis.call('HSET', KEYS[3], 'lost', full - math.max(1, room), 'held', string.format('%.6f', held))
  redis.call('EXPIRE', KEYS[3], 3600)
end
"""
)

# KEYS: places in flight, places ageing. ARGV: place, seconds.
_SETTLE = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('ZADD', KEYS[2], now + ARGV[2], ARGV[1])
redis.call('EXPIRE', KEYS[2], 600)
"""

_BLOCK = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local ends = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now + ARGV[1])
redis.call('SET', KEYS[1], string.format('%.6f', ends), 'PX', math.ceil((ends - now) * 1000) + 1000)
"""

# KEYS: the allowance's slots, its limit. ARGV: requests, limit (empty: the one that is remembered), seconds of a
# slot, slots that count.
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
if ARGV[2] ~= '' then
  redis.call('SET', KEYS[2], ARGV[2], 'EX', size * (ARGV[4] + 1))
end
local limit = tonumber(redis.call('GET', KEYS[2]) or 'inf') or math.huge
if total + ARGV[1] > limit then
  return (hour + 1) * size - now
end
redis.call('HINCRBY', KEYS[1], hour, ARGV[1])
redis.call('EXPIRE', KEYS[1], size * (ARGV[4] + 1))
return 0
"""


_PARTS = ("flight", "ageing", "queue", "promised", "block", "active", "others")


class RedisWindows:
    """Windows shared by all workers. Times are the Redis server's."""

    def __init__(self, redis: Redis) -> None:
        """Register the scripts; sends nothing yet."""
        self._redis = redis
        self._take = redis.register_script(_TAKE)
        self._settle = redis.register_script(_SETTLE)
        self._block = redis.register_script(_BLOCK)
        self._told = redis.register_script(_TOLD)
        self._spend = redis.register_script(_SPEND)

    def take(self, ask: Ask) -> float:
        """Take a place and return 0, or return the seconds after which to ask again."""
        keys = [f"{ask.key}:{part}" for part in _PARTS]
        numbers = (int(ask.rank), ask.full, ask.limit, LONGEST_REQUEST + ask.seconds, REALTIME_MEMORY, GRACE, POLL)
        answer: Any = self._take(keys=keys, args=[ask.waiter, *numbers, LOOK, LOOKBACK])
        return float(answer)

    def leave(self, ask: Ask) -> None:
        """Give up the waiter's turn."""
        for part in ("queue", "promised"):
            self._redis.zrem(f"{ask.key}:{part}", ask.waiter)

    def settle(self, key: str, place: str, seconds: float) -> None:
        """Let a request in flight age out ``seconds`` from now."""
        self._settle(keys=[f"{key}:flight", f"{key}:ageing"], args=[place, seconds])

    def block(self, key: str, seconds: float) -> None:
        """Let nobody through for ``seconds``."""
        self._block(keys=[f"{key}:block"], args=[seconds])

    def told(self, key: str, told: Told) -> None:
        """Leave to others what the vendor counts and we did not send."""
        used = -1 if told.used is None else told.used
        keys = [f"{key}:{part}" for part in ("flight", "ageing", "others")]
        self._told(keys=keys, args=[told.full, used, told.limit, told.seconds])

    def spend(self, key: str, requests: int, limit: int | None, *, slot: int = HOUR, slots: int = HOURS) -> float:
        """Count requests of the running slot and return 0, or return the seconds until there may be room again."""
        known = "" if limit is None else limit
        answer: Any = self._spend(keys=[f"{key}:hours", f"{key}:limit"], args=[requests, known, slot, slots])
        return float(answer)
