"""Counts what a connection asks of its CRM, beside the rate governor and the adapter that do the work.

Nothing that writes leaves under a claim that may be another worker's (``connector.services.fencing``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from connector.adapters.contract import Lane, Usage
from connector.clock import Clock
from connector.errors import LostLease, RetryLater
from connector.services import fencing
from connector.telemetry.series import PENALTIES, PUT_OFF, VENDOR_ANSWERS, WAITS, Counts

_APART = {0: "none", 429: "429"}


@dataclass(frozen=True, slots=True)
class MeteredLane:
    """A lane whose waits, pauses and refusals are counted. ``kind`` is ``realtime`` or ``bulk``.

    ``used`` is told of each request, to count it for its tenant.
    """

    lane: Lane
    counts: Counts
    clock: Clock
    vendor: str
    kind: str
    used: Callable[[], None]

    def acquire(self, budget: str, *, writes: bool = False) -> None:
        """Time the wait; raise ``LostLease`` where a write came too late to be sent."""
        begun = self.clock.monotonic()
        try:
            self.lane.acquire(budget, writes=writes)
        except RetryLater:
            self.counts.add(PUT_OFF, self.vendor)
            raise
        self.counts.observe(WAITS, self.vendor, self.kind, value=self.clock.monotonic() - begun)
        if writes:
            self._fence(budget)

    def _fence(self, budget: str) -> None:
        try:
            fencing.look()
        except LostLease:
            # Its place in the budget was not used.
            self.lane.settle(budget)
            raise

    def settle(self, budget: str) -> None:
        """Nothing to count: the answer is (see ``answered``)."""
        self.lane.settle(budget)

    def penalise(self, budget: str, seconds: float) -> None:
        """Count the pause."""
        self.counts.add(PENALTIES, self.vendor)
        self.lane.penalise(budget, seconds)

    def told(self, budget: str, usage: Usage | None) -> None:
        """Nothing to count: others' use is none of ours."""
        self.lane.told(budget, usage)

    def spend(self, allowance: str, requests: int, *, limit: int | None) -> None:
        """Count a day that is used up."""
        try:
            self.lane.spend(allowance, requests, limit=limit)
        except RetryLater:
            self.counts.add(PUT_OFF, self.vendor)
            raise

    def answered(self, status: int) -> None:
        """Count an answer of the CRM by its class; 0 stands for none, and a 429 for itself: it is our own fault."""
        self.used()
        self.counts.add(VENDOR_ANSWERS, self.vendor, _APART.get(status, f"{status // 100}xx"))
