"""One finding, and what is looked at beside the services themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from connector.telemetry.board_redis import BrokerFacts

SKEW = timedelta(seconds=2)
"""Leases are seconds long and compared between machines; a webhook's signature has a window of minutes."""


class Level(StrEnum):
    """How bad it is. A problem stops work or loses it when something else fails."""

    FINE = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it is, and what to do where that is not well."""

    level: Level
    part: str
    sentence: str


class BrokerServer(Protocol):
    """A Redis server that answers for itself."""

    def facts(self, queues: tuple[str, ...]) -> BrokerFacts:
        """Return what decides whether it is fit; raises ``RetryLater``."""
        ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the services don't hold. ``consumed`` asks the workers: worker → the queues that it takes from."""

    public_url: str
    crms: Sequence[str]
    sweep_seconds: float
    broker: BrokerServer
    consumed: Callable[[], Mapping[str, Sequence[str]]]


def skewed(part: str, theirs: datetime, ours: datetime) -> Finding:
    """Compare a server's clock with this machine's."""
    apart = abs(theirs - ours)
    if apart <= SKEW:
        return Finding(Level.FINE, part, f"Its clock and this machine's are {apart.total_seconds():.1f} s apart.")
    sentence = f"Its clock and this machine's are {apart.total_seconds():.0f} s apart. Let both follow NTP."
    return Finding(Level.PROBLEM, part, sentence)
