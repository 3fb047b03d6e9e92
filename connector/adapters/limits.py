"""The rate governor: every request to a vendor passes through it.

It keeps a true sliding window for each (vendor, account, budget). A vendor counts a
request when it arrives, which is somewhere between our sending it and our reading the
answer; so a request occupies the window from the moment it is let through until the
budget's seconds after it was settled. Whatever the network does in between, the vendor
never sees more than the budget in any of its windows, and no margin is wasted.

Generic limiter libraries know neither requests in flight nor reserves and penalties,
and answer yes or no instead of "in 0.3 s"; hence the few lines of our own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from uuid import uuid4

from connector.adapters.contract import Budget, Lane
from connector.clock import Clock
from connector.errors import RetryLater

LONGEST_WAIT = 60.0
"""Seconds that a worker may stand waiting; longer ones go back to the queue."""

LONGEST_REQUEST = 90.0
"""Seconds after which a request that nobody settled is taken for dead with its worker."""

REALTIME_MEMORY = 5.0
"""Seconds for which real-time work keeps its reserve after its last request."""

SHORTEST_WAIT = 0.002

MARGIN = 0.005
"""Seconds added to a window, so that a vendor may count its borders in or out."""


class Priority(StrEnum):
    """Who is asking: a person or webhook is waiting, or it is bulk work."""

    REALTIME = "realtime"
    BULK = "bulk"


@dataclass(frozen=True, slots=True)
class Ask:
    """One waiter's request for a place in a window.

    ``limit`` is for this waiter's priority while real-time work is active, ``full`` the
    whole budget. ``waiter`` keeps the waiter's turn between its asks.
    """

    key: str
    waiter: str
    priority: Priority
    full: int
    limit: int
    seconds: float


class Windows(Protocol):
    """The shared memory of a governor. All times are in seconds."""

    def take(self, ask: Ask) -> float:
        """Take a place and return 0, or return the seconds after which to ask again."""
        ...

    def leave(self, ask: Ask) -> None:
        """Give up the waiter's turn."""
        ...

    def settle(self, key: str, seconds: float) -> None:
        """Let the oldest request in flight age out ``seconds`` from now."""
        ...

    def block(self, key: str, seconds: float) -> None:
        """Let nobody through for ``seconds``."""
        ...


class Governor:
    """Hands out lanes; all lanes of an account share its windows."""

    def __init__(self, windows: Windows, clock: Clock, *, reserve: float = 0.2) -> None:
        """``reserve`` is the share of each budget that bulk work leaves while real-time work is active."""
        self._windows = windows
        self._clock = clock
        self._reserve = reserve

    def lane(self, vendor: str, account_id: str, budgets: Sequence[Budget], priority: Priority) -> Lane:
        """Return the lane of one account for work of one priority."""
        named = {budget.name: budget for budget in budgets}
        return GovernedLane(self._windows, self._clock, f"{vendor}:{account_id}", named, (priority, self._reserve))


class GovernedLane:
    """A :class:`~connector.adapters.contract.Lane` over shared windows. Safe to use from several threads."""

    def __init__(
        self,
        windows: Windows,
        clock: Clock,
        account: str,
        budgets: dict[str, Budget],
        standing: tuple[Priority, float],
    ) -> None:
        """``standing`` is the lane's priority and the reserve kept for real-time work."""
        self._windows = windows
        self._clock = clock
        self._account = account
        self._budgets = budgets
        self._priority, self._reserve = standing

    def acquire(self, budget: str) -> None:
        """Wait until one request may be sent; raise ``RetryLater`` if that is more than a minute off."""
        ask = self._ask(self._budgets[budget])
        begun = self._clock.monotonic()
        while (wait := self._windows.take(ask)) > 0:
            if self._clock.monotonic() - begun + wait > LONGEST_WAIT:
                self._windows.leave(ask)
                raise RetryLater("The CRM's request limit is used up for now.", after_seconds=wait)
            self._clock.sleep(max(wait, SHORTEST_WAIT))

    def settle(self, budget: str) -> None:
        """Start the ageing of one request that was answered or failed."""
        self._windows.settle(self._key(budget), self._budgets[budget].seconds + MARGIN)

    def penalise(self, budget: str, seconds: float) -> None:
        """Stop everyone on this budget for ``seconds``."""
        self._windows.block(self._key(budget), seconds)

    def _key(self, budget: str) -> str:
        return f"limits:{{{self._account}:{budget}}}"

    def _ask(self, budget: Budget) -> Ask:
        shared = max(1, int(budget.requests * (1 - self._reserve)))
        limit = budget.requests if self._priority is Priority.REALTIME else shared
        return Ask(self._key(budget.name), uuid4().hex, self._priority, budget.requests, limit, budget.seconds)
