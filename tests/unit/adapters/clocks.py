"""A clock for tests that moves only when someone sleeps on it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


class MustWaitError(Exception):
    """Someone wanted to sleep on a frozen clock."""


class VirtualClock:
    """Time that passes by sleeping."""

    def __init__(self) -> None:
        self.passed = 0.0
        self.frozen = False

    def now(self) -> datetime:
        return START + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        return self.passed

    def sleep(self, seconds: float) -> None:
        if self.frozen:
            raise MustWaitError
        self.passed += seconds
