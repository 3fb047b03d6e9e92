"""Other apps eat the same budget: they are seen in the vendor's headers, and nothing of ours is refused."""

from __future__ import annotations

import heapq
import math
import random
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from connector.adapters.contract import Budget, Usage
from connector.adapters.limits import GovernedLane
from connector.adapters.windows import GROWTH, HELD, LOOK, SWING, Ask, LocalWindows, Rank, Told, Windows
from connector.errors import RetryLater
from tests.unit.adapters.clocks import VirtualClock
from tests.unit.adapters.places import ALL, FULL, KEY, NUMBERS, SECONDS, ask, passing, taken


def answered(windows: Windows, used: int, limit: int = ALL, seconds: float = 0.1) -> None:
    """Send one request, and let the vendor say what it counts."""
    place = taken(windows, ask(f"w{next(NUMBERS)}"))
    assert place
    windows.told(KEY, Told(FULL, used, limit, seconds))
    windows.settle(KEY, place, SECONDS)


def test_alone_we_use_all_of_it(memory: tuple[Windows, VirtualClock]) -> None:
    """What the vendor counts is what we sent."""
    windows, _ = memory
    for sent in range(1, 41):
        answered(windows, sent)
    assert passing(windows) == FULL - 40


def test_what_others_take_is_left_to_them(memory: tuple[Windows, VirtualClock]) -> None:
    """Before anything is refused; and real-time work keeps its share of the rest."""
    windows, clock = memory
    answered(windows, 1)
    clock.sleep(2 * SECONDS)
    answered(windows, 31)
    left = ALL - math.ceil(SWING * 30)
    assert passing(windows) == left - 1
    clock.sleep(SECONDS)
    assert taken(windows, ask("hook", realtime=True))
    assert passing(windows) == int(0.8 * FULL) * left // FULL - 1
    assert passing(windows, realtime=True) > 0


def test_a_smaller_budget_than_published_is_kept(memory: tuple[Windows, VirtualClock]) -> None:
    """A privately distributed app has 100."""
    windows, _ = memory
    answered(windows, 1, limit=100)
    assert passing(windows) == 99


def test_places_that_became_free_while_the_answer_travelled_are_not_others(
    memory: tuple[Windows, VirtualClock],
) -> None:
    """The vendor counted a burst of ours that we no longer count when its answer arrives."""
    windows, clock = memory
    assert passing(windows) == FULL
    clock.sleep(SECONDS - 0.05)
    clock.sleep(0.1)
    answered(windows, FULL, seconds=0.15)
    assert passing(windows) == FULL - 1


def test_others_are_believed_for_a_while_and_then_given_up(memory: tuple[Windows, VirtualClock]) -> None:
    """Whoever comes every few minutes finds room each time."""
    windows, clock = memory
    assert taken(windows, ask("first"))
    windows.settle(KEY, "first", SECONDS)
    clock.sleep(HELD)
    answered(windows, 51)
    clock.sleep(HELD - 1)
    left = ALL - math.ceil(SWING * 50)
    assert passing(windows) == left
    clock.sleep(GROWTH / 4)
    assert left < passing(windows) < FULL
    clock.sleep(GROWTH)
    assert passing(windows) == FULL


def test_a_memory_that_lost_its_own_requests_does_not_believe_for_long(memory: tuple[Windows, VirtualClock]) -> None:
    """Redis was flushed: what we sent before looks like somebody else's for a window or two."""
    windows, clock = memory
    answered(windows, ALL)
    assert passing(windows) == 0
    clock.sleep(GROWTH + SECONDS)
    assert passing(windows) == FULL


def test_a_refusal_without_figures_makes_us_slower(memory: tuple[Windows, VirtualClock]) -> None:
    """Mailchimp and HubSpot's search tell nothing else; one place is always left."""
    windows, clock = memory

    def opened() -> list[str]:
        """Take all places that there are."""
        wanted = (Ask(KEY, f"w{next(NUMBERS)}", rank=Rank.BULK, full=4, limit=3, seconds=0.0) for _ in range(9))
        return [place for place in (taken(windows, each) for each in wanted) if place]

    def closed(places: list[str]) -> int:
        for place in places:
            windows.settle(KEY, place, 0.0)
        clock.sleep(0.01)
        return len(places)

    for expected in (3, 2, 1, 1):
        places = opened()
        windows.told(KEY, Told(4, None, 4, 0.0))
        closed(places)
        assert closed(opened()) == expected


def test_an_allowance_that_one_worker_learned_counts_for_all(memory: tuple[Windows, VirtualClock]) -> None:
    """Before its first answer a worker knows no limit of its own."""
    windows, _ = memory
    assert windows.spend("day", 5, None) == 0
    assert windows.spend("day", 5, 12) == 0
    assert windows.spend("day", 3, None) > 0
    assert windows.spend("day", 2, None) == 0
    assert windows.spend("day", 3, 15) == 0


def test_what_took_too_long_to_tell_tells_nothing() -> None:
    """Nobody remembers what we had sent by then."""
    clock = VirtualClock()
    lane = GovernedLane(LocalWindows(clock), clock, "crm:1", {"b": Budget("b", 5, 10.0)}, (False, 0.2))
    lane.acquire("b")
    lane.told("b", Usage(5, 5, 120.0))
    lane.settle("b")
    lane.acquire("b")
    lane.told("b", Usage(5, 5, 0.1))
    with pytest.raises(RetryLater):
        [lane.acquire("b") for _ in range(10)]


@dataclass
class Vendor:
    """A budget as the vendor counts it: everybody's requests in a sliding window."""

    arrivals: list[float] = field(default_factory=list)
    refused: int = 0
    others_refused: int = 0

    def count(self, now: float) -> int:
        """Return what is in the window."""
        return len(self.arrivals) - bisect_right(self.arrivals, now - SECONDS)

    def admit(self, now: float, *, ours: bool) -> int:
        """Let a request in, or refuse it; return what is counted then."""
        if self.count(now) >= ALL:
            self.refused += ours
            self.others_refused += not ours
        else:
            self.arrivals.append(now)
        return self.count(now)


@dataclass
class Day:
    """Our workers and other apps at one account, event by event."""

    windows: Windows
    clock: VirtualClock
    vendor: Vendor = field(default_factory=Vendor)
    sent: int = 0
    last: float = 0.0
    _events: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _number: int = 0

    def at(self, when: float, act: Callable[[], None]) -> None:
        """Let something happen."""
        self._number += 1
        heapq.heappush(self._events, (when, self._number, act))

    def other(self, when: float) -> None:
        """Let another app send a request."""
        self.at(when, lambda: self.vendor.admit(when, ours=False) and None)

    def worker(self, name: str, begins: float, requests: int, latency: float, *, realtime: bool = False) -> None:
        """Let one of ours send so many requests, one after the other, as fast as it may."""
        if not requests:
            return

        wanted = ask(f"{name}-{requests}", realtime=realtime)

        def send() -> None:
            wait = self.windows.take(wanted)
            if wait > 0:
                self.at(self.clock.passed + min(max(wait, 0.002), LOOK), send)
                return
            sent = self.clock.passed
            self.sent += 1
            self.last = sent

            def answer(used: int) -> None:
                self.windows.told(KEY, Told(FULL, used, ALL, self.clock.passed - sent))
                self.windows.settle(KEY, wanted.waiter, SECONDS + 0.005)
                self.worker(name, self.clock.passed, requests - 1, latency, realtime=realtime)

            def arrive() -> None:
                used = self.vendor.admit(self.clock.passed, ours=True)
                self.at(sent + latency, lambda: answer(used))

            self.at(sent + latency / 2, arrive)

        self.at(begins, send)

    def run(self) -> None:
        """Let everything happen in its order."""
        while self._events:
            when, _, act = heapq.heappop(self._events)
            self.clock.passed = max(self.clock.passed, when)
            act()


def eaten(day: Day, hours: float, draw: random.Random) -> None:
    """Another app works steadily and most around noon; a third comes every five minutes with thirty at once."""
    now = 0.0
    while now < hours * 3600:
        busy = 0.2 + 1.8 * (1 - abs(now / (hours * 1800) - 1))
        now += draw.expovariate(busy)
        day.other(now)
    for begins in range(0, int(hours * 3600), 300):
        for number in range(30):
            day.other(begins + number * 0.05)


def test_a_day_beside_other_apps_brings_no_refusal(memory: tuple[Windows, VirtualClock]) -> None:
    """Refreshes every few minutes, webhooks, and backfills of six workers as fast as they may; nobody is refused."""
    windows, clock = memory
    # The shared memory costs a round trip a question: an hour of it must do.
    hours, backfills = (24.0, (5, 13, 20)) if isinstance(windows, LocalWindows) else (1.0, (0.5,))
    day, draw = Day(windows, clock), random.Random(11)
    eaten(day, hours, draw)
    for begins in range(2, int(hours * 3600), 600):
        # Meets every second call of the third app: what nobody saw for a quarter of an hour can't be foreseen.
        day.worker(f"refresh-{begins}", begins, 20, 0.1)
    for number in range(int(hours * 20)):
        day.worker(f"hook-{number}", draw.uniform(0, hours * 3600), 2, 0.08, realtime=True)
    for hour in backfills:
        for worker in range(6):
            day.worker(f"backfill-{hour}-{worker}", hour * 3600.0, 400 if hours == 24 else 150, 0.15)
    day.run()
    assert day.vendor.refused == 0
    assert day.vendor.others_refused == 0


def test_beside_others_the_rest_is_used_well() -> None:
    """Slowing down for them does not mean standing still."""
    clock = VirtualClock()
    day = Day(LocalWindows(clock), clock)
    for number in range(3 * 600):
        day.other(number / 3)
    for worker in range(6):
        day.worker(f"w{worker}", 2 * SECONDS, 600, 0.15)
    day.run()
    assert day.vendor.refused == 0
    assert day.sent / (day.last - 2 * SECONDS) >= 0.8 * (ALL / SECONDS - 3)
