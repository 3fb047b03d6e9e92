"""The org's daily request allowance, which all its integrations share.

Source: Limits Quick Reference, "API Request Limits and Allocations": any 24 hours; told in
``Sforce-Limit-Info``; beyond it 403 ``REQUEST_LIMIT_EXCEEDED``.
"""

from __future__ import annotations

from collections import deque

from connector.sandbox.clock import SkewedClock
from connector.sandbox.salesforce.errors import ApiError, failure

DAY_SECONDS = 86_400.0


class Usage:
    """Requests of the last 24 hours. ``others``: how many other integrations made. The caller holds the lock."""

    def __init__(self, allowance: int, clock: SkewedClock) -> None:
        self.allowance = allowance
        self.others = 0
        self._clock = clock
        self._own: deque[float] = deque()

    @property
    def used(self) -> int:
        """Requests of all integrations in the last 24 hours."""
        begin = self._clock.monotonic() - DAY_SECONDS
        while self._own and self._own[0] <= begin:
            self._own.popleft()
        return self.others + len(self._own)

    def count(self) -> None:
        """Count one request; raise 403 where the allowance is used up."""
        if self.used >= self.allowance:
            raise spent()
        self._own.append(self._clock.monotonic())

    def header(self) -> str:
        """Return the value of ``Sforce-Limit-Info``."""
        return f"api-usage={self.used}/{self.allowance}"


def spent() -> ApiError:
    """Return the refusal of an org whose daily allowance is used up."""
    return failure(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")


def crowded() -> ApiError:
    """Return the refusal where too many long requests run at one time."""
    message = "ConcurrentRequests (Concurrent API Requests) Limit exceeded."
    return failure(403, "REQUEST_LIMIT_EXCEEDED", message)
