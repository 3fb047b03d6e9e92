"""The sandbox's clock: of the connector's form, with a settable skew.

Wall times inside the sandbox are epoch milliseconds (``int``), the unit of the vendors' wires.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """A source of the current time; the same form as the connector's own clock."""

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


class SkewedClock:
    """A clock whose wall time is wrong by ``skew_seconds``; durations stay right."""

    def __init__(self, inner: Clock) -> None:
        self._inner = inner
        self.skew_seconds = 0.0

    def now(self) -> datetime:
        """Return the (skewed) wall time, timezone-aware UTC."""
        return self._inner.now() + timedelta(seconds=self.skew_seconds)

    def now_ms(self) -> int:
        """Return the (skewed) wall time in epoch milliseconds."""
        return to_ms(self.now())

    def monotonic(self) -> float:
        """Return seconds that never run backwards; no skew touches them."""
        return self._inner.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait for ``seconds``."""
        self._inner.sleep(seconds)


def to_ms(moment: datetime) -> int:
    """Return an aware datetime as epoch milliseconds."""
    return round(moment.timestamp() * 1000)


def iso(ms: int) -> str:
    """Return epoch milliseconds as ISO 8601 UTC with milliseconds and ``Z``."""
    seconds, millis = divmod(ms, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{millis:03d}Z"
