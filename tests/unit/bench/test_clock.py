"""The virtual clock of the benchmarks: whoever waits at one time waits once, and work takes no time."""

from __future__ import annotations

import queue
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from tests.bench.line.clock import VirtualClock

START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = 3600.0


def test_sleepers_wait_at_one_time() -> None:
    """Four times ten rests of an hour in four threads are ten hours, however long the machine takes."""
    with VirtualClock(START) as clock, ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: [clock.sleep(HOUR) for _ in range(10)], range(4)))
        assert clock.now() - START == timedelta(hours=10)


def test_no_time_passes_while_somebody_works() -> None:
    """Work that is handed from thread to thread ends before a sleeper's hour does."""
    handed: queue.SimpleQueue[int] = queue.SimpleQueue()
    answered: queue.SimpleQueue[int] = queue.SimpleQueue()
    with VirtualClock(START) as clock:
        sleeper = threading.Thread(target=clock.sleep, args=(HOUR,))
        worker = threading.Thread(target=lambda: [answered.put(handed.get() + 1) for _ in range(50)])
        worker.start()
        sleeper.start()
        number = 0
        for _ in range(50):
            handed.put(number)
            number = answered.get()
            assert clock.monotonic() == 0
        sleeper.join()
        worker.join()
        assert (number, clock.monotonic()) == (50, HOUR)


def test_who_still_sleeps_at_the_end_is_woken() -> None:
    """Nobody is left behind."""
    made = VirtualClock(START)
    sleepers = [threading.Thread(target=made.sleep, args=(HOUR,)) for _ in range(3)]
    with made:
        for each in sleepers:
            each.start()
    for each in sleepers:
        each.join(timeout=20)
        assert not each.is_alive()
