"""A virtual clock for many threads: time passes when nobody has anything left to do but wait.

The sandbox and the product run in one process over real HTTP. Whatever either of them computes takes no time on
this clock; what a vendor makes one wait for (latency, rate windows, batch jobs) takes exactly as long as it says.
So a share of a published rate is that of the waiting alone, whatever else the machine has to do.
"""

from __future__ import annotations

import heapq
import threading
import time
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

TASKS = Path("/proc/self/task")
WAITS, SWITCHES = "S", "voluntary_ctxt_switches:"
BRIEFLY = 0.0002
"""Real seconds between two looks."""

Waiting = dict[str, str]


class VirtualClock:
    """A :class:`~connector.clock.Clock` that jumps to the next sleeper's end once every thread of the process waits.

    Linux tells whether a thread waits, and how often it has gone to wait: where two looks tell the same of all of
    them, nobody has done anything in between. One that is ready to run, or reads from a disk, does not wait.
    """

    def __init__(self, start: datetime) -> None:
        """Stand at ``start`` until :meth:`run` is entered."""
        self._start = start
        self._passed = 0.0
        self._order = count()
        self._sleepers: list[tuple[float, int, threading.Event]] = []
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._driver = threading.Thread(target=self._drive, name="virtual-clock", daemon=True)

    def __enter__(self) -> VirtualClock:
        """Let time pass."""
        self._driver.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it, and let whoever still sleeps go on."""
        self._ended.set()
        self._driver.join()
        for _, _, awake in self._sleepers:
            awake.set()

    def now(self) -> datetime:
        """Return the virtual time."""
        return self._start + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        """Return virtual seconds since the start."""
        return self._passed

    def sleep(self, seconds: float) -> None:
        """Wait until ``seconds`` have passed here."""
        if seconds <= 0 or self._ended.is_set():
            return
        awake = threading.Event()
        with self._lock:
            heapq.heappush(self._sleepers, (self._passed + seconds, next(self._order), awake))
        awake.wait()

    def _drive(self) -> None:
        me = str(threading.get_native_id())
        before: Waiting | None = None
        while not self._ended.is_set():
            waiting = _waiting(me) if self._sleepers else None
            if waiting is not None and waiting == before:
                self._advance()
                waiting = None
            else:
                time.sleep(BRIEFLY)
            before = waiting

    def _advance(self) -> None:
        """Wake the next one alone: who wakes at the same instant follows when it has nothing left to do."""
        with self._lock:
            at, _, awake = heapq.heappop(self._sleepers)
            self._passed = max(self._passed, at)
        awake.set()


def _waiting(me: str) -> Waiting | None:
    """Return how often each other thread has gone to wait, None where one of them does not wait now."""
    found = {}
    for task in TASKS.iterdir():
        try:
            told = (task / "status").read_text()
        except (FileNotFoundError, ProcessLookupError):
            # It ended meanwhile.
            continue
        if task.name != me:
            if f"State:\t{WAITS}" not in told:
                return None
            found[task.name] = told[told.index(SWITCHES) :].partition("\n")[0]
    return found
