"""A clock that a test moves by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class StandingClock:
    """Stands still until it is moved; sleeping moves it."""

    def __init__(self) -> None:
        self._passed = 0.0

    def now(self) -> datetime:
        """Return the time."""
        return datetime(2026, 2, 1, 12, tzinfo=UTC) + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        """Return seconds passed."""
        return self._passed

    def sleep(self, seconds: float) -> None:
        """Move on."""
        self._passed += seconds
