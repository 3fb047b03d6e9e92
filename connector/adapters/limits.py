"""The rate governor: every request to a vendor passes through it, and what tenants' own sites send to us.

It keeps a true sliding window for each (vendor, account, budget). A vendor counts a
request when it arrives, which is somewhere between our sending it and our reading the
answer; so a request occupies the window from the moment it is let through until the
budget's seconds after it was settled. Whatever the network does in between, the vendor
never sees more than the budget in any of its windows, and no margin is wasted.

Where others use the same budget, the vendor's headers tell: what it counts and we did not send is theirs. So much
less is sent from then on, before anything is refused. Their highest use is believed for a quarter of an hour, so
that whoever comes every few minutes finds room each time, then given up within a minute.

Generic limiter libraries know neither requests in flight nor reserves and penalties,
and answer yes or no instead of "in 0.3 s"; hence the few lines of our own.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence
from uuid import uuid4

from redis import Redis

from connector.adapters.contract import Budget, Lane, Usage
from connector.adapters.windows import LOOK, LOOKBACK, Ask, LocalWindows, Rank, Told, Windows
from connector.adapters.windows_redis import RedisWindows
from connector.clock import Clock
from connector.errors import RetryLater

LONGEST_WAIT = 60.0
"""Seconds that a worker may stand waiting; longer ones go back to the queue."""

REALTIME_WAIT = 5.0
"""Seconds that a worker of the real-time lane may stand waiting: others' people wait behind it."""

SHORTEST_WAIT = 0.002

ADMITTED, ADMITTED_SECONDS = 500, 10
"""How many requests one sender's programs may make of us, and in how many seconds."""

MARGIN = 0.005
"""Seconds added to a window, so that a vendor may count its borders in or out."""


class Governor:
    """Hands out lanes; all lanes of an account share its windows."""

    def __init__(self, redis: Redis | None, clock: Clock, *, reserve: float = 0.2) -> None:
        """Share windows through ``redis``; None keeps them in this process, on ``clock``.

        ``reserve`` is the share of each budget that bulk work leaves while real-time work is active.
        """
        self._windows: Windows = LocalWindows(clock) if redis is None else RedisWindows(redis)
        self._clock = clock
        self._reserve = reserve

    def admit(self, key: str) -> float:
        """Count one request that is sent to us as ``key``; return 0, or the seconds after which to try again."""
        return self._windows.spend(f"admitted:{{{key}}}", 1, ADMITTED, slot=1, slots=ADMITTED_SECONDS)

    def lane(self, vendor: str, account_id: str, budgets: Sequence[Budget], *, realtime: bool) -> Lane:
        """Return the lane of one account, or of whoever else the vendor's limits count.

        ``realtime``: a person or a webhook is waiting, else it is bulk work.
        """
        named = {budget.name: budget for budget in budgets}
        return GovernedLane(self._windows, self._clock, f"{vendor}:{account_id}", named, (realtime, self._reserve))


class GovernedLane:
    """A :class:`~connector.adapters.contract.Lane` over shared windows. Safe to use from several threads."""

    def __init__(
        self,
        windows: Windows,
        clock: Clock,
        account: str,
        budgets: dict[str, Budget],
        standing: tuple[bool, float],
    ) -> None:
        """``standing``: is this real-time work, and the share reserved for such work."""
        self._windows = windows
        self._clock = clock
        self._account = account
        self._budgets = budgets
        self._realtime, self._reserve = standing
        self._taken: defaultdict[str, deque[str]] = defaultdict(deque)
        self._patience = REALTIME_WAIT if self._realtime else LONGEST_WAIT

    def acquire(self, budget: str, *, writes: bool = False) -> None:
        """Wait until one request may be sent; raise ``RetryLater`` if that is too far off."""
        ask = self._ask(self._budgets[budget], writes=writes)
        begun = self._clock.monotonic()
        while (wait := self._windows.take(ask)) > 0:
            if self._clock.monotonic() - begun + wait > self._patience:
                self._windows.leave(ask)
                raise RetryLater("The CRM's request limit is used up for now.", after_seconds=wait)
            self._clock.sleep(min(max(wait, SHORTEST_WAIT), LOOK))
        self._taken[budget].append(ask.waiter)

    def settle(self, budget: str) -> None:
        """Start the ageing of one request that was answered or failed: the longest one under way in this lane.

        Never another lane's: that one's process may have died or stand still, and its request be on its way yet.
        """
        seconds = self._budgets[budget].seconds
        # Of what is under way at one time there is no border to be on the right side of: it has ended.
        ageing = seconds + MARGIN if seconds else 0.0
        self._windows.settle(self._key(budget), self._taken[budget].popleft(), ageing)

    def penalise(self, budget: str, seconds: float) -> None:
        """Stop everyone on this budget for ``seconds``."""
        self._windows.block(self._key(budget), seconds)

    def told(self, budget: str, usage: Usage | None) -> None:
        """Leave to others what they take of the budget; None: a refusal without figures."""
        full = self._budgets[budget].requests
        if usage is None:
            self._windows.told(self._key(budget), Told(full, None, full, 0.0))
        elif usage.seconds < LOOKBACK:
            self._windows.told(self._key(budget), Told(full, usage.used, usage.limit, usage.seconds))

    def spend(self, allowance: str, requests: int, *, limit: int | None) -> None:
        """Count requests against 24 hours' allowance; raise ``RetryLater`` where ``limit`` would be passed."""
        wait = self._windows.spend(self._key(allowance), requests, limit)
        if wait > 0:
            raise RetryLater("The share of the CRM's daily requests that we may take is used up.", after_seconds=wait)

    def _key(self, budget: str) -> str:
        return f"limits:{{{self._account}:{budget}}}"

    def _ask(self, budget: Budget, *, writes: bool) -> Ask:
        shared = max(1, int(budget.requests * (1 - self._reserve)))
        # Who was read already waits the longest: what ends that goes before what begins another's turn.
        rank = Rank.BULK if not self._realtime else Rank.ENDING if writes else Rank.REALTIME
        return Ask(self._key(budget.name), uuid4().hex, rank, budget.requests, shared, budget.seconds)
