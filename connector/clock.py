"""The one door to the current time.

Everything that needs "now" receives a :class:`Clock`, so that a simulator or a
benchmark can run on a virtual one and a test can stand still.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """A source of the current time."""

    def now(self) -> datetime:
        """Return the current time, timezone-aware UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds from an arbitrary start that never runs backwards."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait for ``seconds``; a virtual clock moves itself forward instead."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the current time, timezone-aware UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return the machine's monotonic seconds."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Block the calling thread."""
        time.sleep(seconds)
