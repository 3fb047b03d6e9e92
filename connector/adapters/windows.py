"""The rate governor's memory: what is remembered of a budget, here for one process.

Five things are held: the places taken with the instant at which each is free again, the
queue of waiters with the instant at which each said it would be back, the end of a block,
the last real-time request, and how many places are left to others. A waiter passes when
the free places reach its turn; real-time waiters stand before bulk ones, and of them those
who write before those who read.
"""

from __future__ import annotations

import heapq
import math
import threading
from collections import deque
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Protocol

from connector.clock import Clock

LONGEST_REQUEST = 135.0
"""Seconds after which a request that nobody settled is taken for dead with its worker: more than any time-out."""

REALTIME_MEMORY = 5.0
"""Seconds for which real-time work keeps its reserve after its last request."""

LOOK = 1.0
"""Seconds after which a waiter asks again at the latest: the reserve may have been set free."""

GRACE = 2.0
"""Seconds after which a waiter that did not come back has lost its turn."""

LOOKBACK = 60.0
"""Seconds for which places that are free again are remembered: an answer may tell of a time before they were."""

HELD = 900.0
"""Seconds for which the highest use by others is believed."""

GROWTH = 60.0
"""Seconds in which a whole budget is taken back once nothing speaks for others any more."""

SWING = 1.25
"""So much more than was seen of others is left to them: nobody's use is the same in every window."""

SQUEEZE = 0.75
"""The part of our requests that is let through after one of them was refused without figures."""

HOUR = 3600
HOURS = 24
"""A daily allowance is counted by the hour: one number for each slot, whatever the traffic."""

POLL = 0.005
"""Seconds between asks while only requests in flight stand in the way: their end is not known ahead."""


class Rank(IntEnum):
    """In which order waiters pass."""

    ENDING = 0
    """A value on its way to the CRM, for somebody who waits."""
    REALTIME = 1
    """All else that a person or a webhook waits for."""
    BULK = 2


@dataclass(frozen=True, slots=True)
class Ask:
    """One waiter's request for a place in a window.

    ``full`` is the whole budget, ``limit`` what bulk work may use of it while real-time work is
    active. ``waiter`` keeps the waiter's turn between its asks, and is the name of the place that it gets.
    """

    key: str
    waiter: str
    rank: Rank
    full: int
    limit: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Told:
    """What a vendor said of a window of ``full`` places: ``used`` of ``limit`` are taken, by whomever.

    It counted at most ``seconds`` ago. ``used`` is None for a refusal without figures.
    """

    full: int
    used: int | None
    limit: int
    seconds: float


class Windows(Protocol):
    """The shared memory of a governor. All times are in seconds."""

    def take(self, ask: Ask) -> float:
        """Take a place and return 0, or return the seconds after which to ask again."""
        ...

    def leave(self, ask: Ask) -> None:
        """Give up the waiter's turn."""
        ...

    def settle(self, key: str, place: str, seconds: float) -> None:
        """Let a request in flight age out ``seconds`` from now.

        One whose place was given up or lost meanwhile, too: the vendor may have counted it only just now.
        """
        ...

    def block(self, key: str, seconds: float) -> None:
        """Let nobody through for ``seconds``."""
        ...

    def told(self, key: str, told: Told) -> None:
        """Leave to others what the vendor counts and we did not send."""
        ...

    def spend(self, key: str, requests: int, limit: int | None, *, slot: int = HOUR, slots: int = HOURS) -> float:
        """Count requests of the running slot and return 0, or return the seconds until there may be room again.

        A ``limit`` is remembered, for those who know none. ``slot`` is in seconds. Counted are the running slot and
        the ``slots`` before it: never less than any time of that length holds.
        """
        ...


@dataclass(slots=True)
class _Window:
    flight: dict[str, float] = field(default_factory=dict)
    ageing: list[float] = field(default_factory=list)
    past: deque[float] = field(default_factory=deque)
    queue: dict[str, tuple[int, int]] = field(default_factory=dict)
    promised: dict[str, float] = field(default_factory=dict)
    blocked_until: float = 0.0
    active_until: float = float("-inf")
    arrivals: int = 0
    born: float = math.inf
    lost: int = 0
    held_until: float = 0.0

    def forget(self, now: float) -> None:
        for place in [name for name, until in self.flight.items() if until <= now]:
            del self.flight[place]
        while self.ageing and self.ageing[0] <= now:
            self.past.append(heapq.heappop(self.ageing))
        while self.past and self.past[0] <= now - LOOKBACK:
            self.past.popleft()
        for waiter in [name for name, until in self.promised.items() if until + GRACE < now]:
            del self.promised[waiter]
            del self.queue[waiter]

    def turn(self, ask: Ask) -> int:
        if ask.waiter not in self.queue:
            self.arrivals += 1
            self.queue[ask.waiter] = (ask.rank, self.arrivals)
        return sorted(self.queue, key=self.queue.__getitem__).index(ask.waiter)

    def room(self, full: int, now: float) -> int:
        """Return how many places are left for us."""
        taken_back = max(0.0, now - self.held_until) * full / GROWTH
        return max(1, full - math.ceil(max(0.0, self.lost - taken_back)))

    def lose(self, told: Told, now: float) -> None:
        """Leave places to others, unless as many are left already."""
        ours = len(self.flight) + len(self.ageing) + sum(free > now - told.seconds for free in self.past)
        if told.used is None:
            room = min(ours - 1, int(ours * SQUEEZE))
        else:
            # Where it counts more than all that may be ours, others are there. Then only those are taken for ours
            # that it must have counted: the answered one, and what neither was on its way nor may have aged there.
            surely = 1 + sum(free > now + told.seconds for free in self.ageing)
            room = told.limit - (math.ceil(SWING * (told.used - surely)) if told.used > ours else 0)
        if room <= self.room(told.full, now) and room < told.full:
            self.lost = told.full - max(1, room)
            # A memory that began empty takes what we sent before for somebody else's: not for longer than it lasts.
            self.held_until = now + min(HELD, max(0.0, now - self.born))

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
        self._slots: dict[str, dict[int, int]] = {}
        self._limits: dict[str, int] = {}

    def take(self, ask: Ask) -> float:
        """Take a place and return 0, or return the seconds after which to ask again."""
        with self._lock:
            now = self._clock.monotonic()
            window = self._windows.setdefault(ask.key, _Window())
            window.forget(now)
            window.born = min(window.born, now)
            limit = self._limit(window, ask, now)
            free = limit - len(window.flight) - len(window.ageing)
            wait = window.wait(window.turn(ask) + 1 - free, now)
            if wait > 0:
                window.promised[ask.waiter] = now + min(wait, LOOK)
                return wait
            window.queue.pop(ask.waiter)
            window.promised.pop(ask.waiter, None)
            window.flight[ask.waiter] = now + LONGEST_REQUEST + ask.seconds
            return 0.0

    def leave(self, ask: Ask) -> None:
        """Give up the waiter's turn."""
        with self._lock:
            window = self._windows.setdefault(ask.key, _Window())
            window.queue.pop(ask.waiter, None)
            window.promised.pop(ask.waiter, None)

    def settle(self, key: str, place: str, seconds: float) -> None:
        """Let a request in flight age out ``seconds`` from now."""
        with self._lock:
            window = self._windows.setdefault(key, _Window())
            window.flight.pop(place, None)
            heapq.heappush(window.ageing, self._clock.monotonic() + seconds)

    def block(self, key: str, seconds: float) -> None:
        """Let nobody through for ``seconds``."""
        with self._lock:
            window = self._windows.setdefault(key, _Window())
            window.blocked_until = max(window.blocked_until, self._clock.monotonic() + seconds)

    def told(self, key: str, told: Told) -> None:
        """Leave to others what the vendor counts and we did not send."""
        with self._lock:
            window, now = self._windows.setdefault(key, _Window()), self._clock.monotonic()
            window.forget(now)
            window.lose(told, now)

    def spend(self, key: str, requests: int, limit: int | None, *, slot: int = HOUR, slots: int = HOURS) -> float:
        """Count requests of the running slot and return 0, or return the seconds until there may be room again."""
        with self._lock:
            running, passed = divmod(self._clock.now().timestamp(), slot)
            counts = self._slots.setdefault(key, {})
            for old in [name for name in counts if name < running - slots]:
                del counts[old]
            if limit is not None:
                self._limits[key] = limit
            if sum(counts.values()) + requests > self._limits.get(key, math.inf):
                return slot - passed
            counts[int(running)] = counts.get(int(running), 0) + requests
            return 0.0

    @staticmethod
    def _limit(window: _Window, ask: Ask, now: float) -> int:
        room = window.room(ask.full, now)
        if ask.rank is not Rank.BULK:
            window.active_until = now + REALTIME_MEMORY
            return room
        return max(1, ask.limit * room // ask.full) if window.active_until > now else room
