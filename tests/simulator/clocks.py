"""The hosts' clocks: the virtual one, a little off on each host."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.simulator.kernel import Kernel, Process

EPOCH = datetime(2026, 3, 1, 12, tzinfo=UTC)
LARGEST_OFFSET = 5.0
"""Seconds by which a host's clock may be off, either way: two differ by no more than a third of a lease."""


def instant(seconds: float) -> datetime:
    """Return a time of the virtual clock as people write it."""
    return EPOCH + timedelta(seconds=round(seconds, 6))


class HostClock:
    """``connector.clock.Clock`` of one host."""

    def __init__(self, kernel: Kernel, process: Process) -> None:
        self._kernel = kernel
        self._process = process

    def now(self) -> datetime:
        return instant(self._kernel.now + self._process.offset)

    def monotonic(self) -> float:
        return self._kernel.now

    def sleep(self, seconds: float) -> None:
        self._kernel.sleep(seconds)
