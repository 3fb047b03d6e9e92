"""How fast the real-time lane is: stretch by stretch, for one lead and for an account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.store import lanes, traces
from connector.store.intents import IntentStatus
from connector.store.types import AnyRow

_TRACES = 2_000
"""The newest traces are enough to tell how fast it is."""

POINTS = ("happened_at", "received_at", "claimed_at", "fetched_at", "scored_at", "queued_at", "delivered_at")
LABELS = (
    "Until the CRM had told us",
    "Until a worker took it",
    "To read the person again",
    "To score",
    "To keep the score and queue it",
    "To write it into the CRM",
)
FROM_RECEIVED = "From what the CRM told to the value in it"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Seconds of one stretch of a lead's way."""

    label: str
    seconds: float


@dataclass(frozen=True, slots=True)
class LeadSpeed:
    """A lead's newest way through the lane. ``ended`` is what became of it, None while it is under way."""

    at: datetime
    ended: str | None
    stretches: tuple[Stretch, ...]

    @property
    def seconds(self) -> float:
        """All stretches together."""
        return sum(item.seconds for item in self.stretches)


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Seconds within which half, 95 % and 99 % of the leads had a stretch behind them."""

    label: str
    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True)
class Waiting:
    """Real-time work that was put back, with the sentence that says why; ``due_at`` None: a refresh does it."""

    message: str
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast an account's leads are scored: ``leads`` newest of the last days, stretch by stretch."""

    leads: int
    stretches: tuple[Quantiles, ...]
    waiting: tuple[Waiting, ...]


def lead_speed(session: Connection, tenant_id: UUID, lead_id: int) -> LeadSpeed | None:
    """Return how fast a lead's newest score was, if the real-time lane made it."""
    row = traces.of_lead(session, tenant_id, lead_id)
    if row is None:
        return None
    return LeadSpeed(row.happened_at, row.ended, tuple(map(Stretch, LABELS, _seconds(row))))


def account_speed(session: Connection, connection_id: UUID) -> Speed:
    """Return how fast an account's leads were scored lately, and what waits."""
    rows = traces.newest(session, connection_id, _TRACES)
    ways = [_seconds(row) for row in rows]
    columns = [[way[place] for way in ways if place < len(way)] for place in range(len(LABELS))]
    whole = [(row.delivered_at - row.received_at).total_seconds() for row in rows if row.delivered_at]
    named = [*zip(LABELS, columns, strict=True), (FROM_RECEIVED, whole)]
    stretches = tuple(_quantiles(label, sorted(column)) for label, column in named if column)
    return Speed(len(rows), stretches, _waiting(session, connection_id))


def _seconds(row: AnyRow) -> list[float]:
    """Seconds of each stretch that is over."""
    times = [at for name in POINTS if (at := getattr(row, name)) is not None]
    return [max((later - former).total_seconds(), 0.0) for former, later in pairwise(times)]


def _quantiles(label: str, ordered: Sequence[float]) -> Quantiles:
    """The nearest rank: a value that occurred."""
    p50, p95, p99 = (ordered[min(int(share * len(ordered)), len(ordered) - 1)] for share in (0.5, 0.95, 0.99))
    return Quantiles(label, p50, p95, p99)


def _waiting(session: Connection, connection_id: UUID) -> tuple[Waiting, ...]:
    return tuple(
        Waiting(row.message, row.due_at if row.status == IntentStatus.READY else None)
        for row in lanes.of_connection(session, connection_id)
        if row.message
    )
