"""A thread that delivers things in the background, each when it is due, and again when it has to be."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from connector.sandbox.clock import Clock

Parcel = TypeVar("Parcel")


class Courier(Generic[Parcel]):
    """Calls ``deliver`` with one parcel after another; it returns the parcel to bring later, and in how many seconds.

    None: this one is done with.
    """

    def __init__(self, clock: Clock, deliver: Callable[[Parcel], tuple[Parcel, float] | None]) -> None:
        self._clock = clock
        self._deliver = deliver
        self._due: list[tuple[float, int, Parcel]] = []
        self._ready = threading.Condition()
        self._numbers = itertools.count(1)
        self._stopped = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def bring(self, parcel: Parcel, after_seconds: float = 0.0) -> None:
        """Deliver a parcel ``after_seconds``."""
        with self._ready:
            heapq.heappush(self._due, (self._clock.monotonic() + after_seconds, next(self._numbers), parcel))
            self._ready.notify()

    def stop(self) -> None:
        """End the thread; what was not delivered is lost."""
        with self._ready:
            self._stopped = True
            self._ready.notify()
        self._thread.join()

    def _run(self) -> None:
        while (due := self._next()) is not None:
            again = self._deliver(due[2])
            if again is not None:
                self.bring(*again)

    def _next(self) -> tuple[float, int, Parcel] | None:
        """Wait for what is due; None: the end."""
        with self._ready:
            while not self._stopped:
                now = self._clock.monotonic()
                if self._due and self._due[0][0] <= now:
                    return heapq.heappop(self._due)
                self._ready.wait(self._due[0][0] - now if self._due else None)
        return None
