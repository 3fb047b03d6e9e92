"""What every service is handed: built once by ``connector.bootstrap``, never changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from connector.adapters.contract import Capabilities, CrmApp, Lane
from connector.adapters.enrichment.registry import Providers
from connector.adapters.mail import Mailer
from connector.adapters.receivers import Receivers
from connector.clock import Clock
from connector.crypto import TokenCipher
from connector.services.hooks import HookAddresses
from connector.services.keeping import Keeping
from connector.services.prices import Prices
from connector.services.usage import Meter
from connector.store.session import Store
from connector.store.tenants import DEFAULT_REGION
from connector.telemetry.board import Board, LocalBoard
from connector.telemetry.series import Counts

REALTIME = "realtime"
"""The queue whose messages name pieces of the real-time lane; those of every other name intents."""


class Waker(Protocol):
    """Tells workers that work waits. Losing a call costs time, never work."""

    def __call__(self, queue: str, work_id: UUID) -> None:
        """Announce one intent, or one piece of the real-time lane, on a queue."""
        ...


class LaneFactory(Protocol):
    """Gives the rate governor of one account."""

    def __call__(self, vendor: str, account_id: str, capabilities: Capabilities, *, realtime: bool) -> Lane:
        """Return the lane of an account; ``realtime`` may use the reserved share."""
        ...


class Admission(Protocol):
    """Counts requests that come in, so that nobody sends too many."""

    def __call__(self, key: str) -> float:
        """Let one request of ``key`` through and return 0, or return the seconds after which to try again."""
        ...


def never() -> bool:
    """Say that nobody stops this process."""
    return False


class Isolated(Protocol):
    """Runs a pure, heavy function away from the worker's own threads."""

    def __call__(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Return what ``function(*arguments)`` returns; raise what it raises."""
        ...


@dataclass(frozen=True, slots=True)
class Services:
    """The wired parts. ``onboarding`` holds the defaults of new tenants' settings.

    ``refresh_seconds``: an account that neither pushes nor can be looked at is read again so long after its last run.
    ``region`` is the one whose tenants these processes serve.
    ``counts`` are this process's own until they are published on the ``board`` that all share.
    ``meter`` counts what this process does for each tenant; ``prices`` are the operator's.
    ``mail`` is None where the deployment names no mail server.
    ``stopping`` says whether this process is asked to end: work is then handed back, not begun.
    """

    store: Store
    clock: Clock
    cipher: TokenCipher
    apps: Mapping[str, CrmApp]
    lane: LaneFactory
    wake: Waker
    isolated: Isolated
    lease_seconds: float
    onboarding: Mapping[str, Any]
    hooks: HookAddresses
    admit: Admission
    refresh_seconds: float = 300.0
    region: str = DEFAULT_REGION
    keeping: Keeping = field(default_factory=Keeping)
    counts: Counts = field(default_factory=Counts)
    board: Board = field(default_factory=LocalBoard)
    stopping: Callable[[], bool] = never
    providers: Providers = field(default_factory=Providers)
    receivers: Receivers = field(default_factory=Receivers)
    mail: Mailer | None = None
    meter: Meter = field(default_factory=Meter)
    prices: Prices = field(default_factory=Prices)

    def wake_all(self, ready: Sequence[tuple[str, UUID]]) -> None:
        """Announce (queue, id of the work) pairs after their rows were committed."""
        for queue, work_id in ready:
            self.wake(queue, work_id)
