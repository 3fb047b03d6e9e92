"""Where all processes put their counts and signs of life, and where any of them can read all."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from connector.telemetry.series import Series

FORGOTTEN_AFTER = timedelta(hours=1)
"""A process that showed no sign of life for so long is no longer listed: it was stopped on purpose."""


@dataclass(frozen=True, slots=True)
class Told:
    """What stands on the board. ``seen``: process → its last sign of life."""

    counts: Mapping[Series, float] = field(default_factory=dict)
    seen: Mapping[str, datetime] = field(default_factory=dict)
    swept_at: datetime | None = None


class Board(Protocol):
    """Shared by all processes of a deployment. Each call raises ``RetryLater`` where it can't be reached."""

    def publish(self, process: str, counts: Mapping[Series, float], now: datetime) -> None:
        """Add a process's counts to everybody's, and note that it is alive."""
        ...

    def swept(self, now: datetime) -> None:
        """Note that a sweep, announced by a beat, was carried out."""
        ...

    def read(self, now: datetime) -> Told:
        """Return what all processes told."""
        ...

    def ping(self) -> None:
        """Return if the board can be reached."""
        ...


class LocalBoard:
    """A board within one process: for simulations and for whoever builds services without a broker."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[Series, float] = {}
        self._seen: dict[str, datetime] = {}
        self._swept_at: datetime | None = None

    def publish(self, process: str, counts: Mapping[Series, float], now: datetime) -> None:
        """Add up."""
        with self._lock:
            self._seen[process] = now
            for series, amount in counts.items():
                self._counts[series] = self._counts.get(series, 0.0) + amount

    def swept(self, now: datetime) -> None:
        """Note the time."""
        self._swept_at = now

    def read(self, now: datetime) -> Told:
        """Return a copy."""
        with self._lock:
            seen = {name: at for name, at in self._seen.items() if now - at < FORGOTTEN_AFTER}
            return Told(dict(self._counts), seen, self._swept_at)

    def ping(self) -> None:
        """Nothing can be out of reach."""
