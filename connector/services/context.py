"""What every service is handed: built once by ``connector.bootstrap``, never changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from connector.adapters.contract import Capabilities, CrmApp, Lane
from connector.clock import Clock
from connector.crypto import TokenCipher
from connector.services.hooks import HookAddresses
from connector.store.session import Store
from connector.telemetry.board import Board, LocalBoard
from connector.telemetry.series import Counts


class Waker(Protocol):
    """Tells workers that intents wait. Losing a call costs time, never work."""

    def __call__(self, queue: str, intent_id: UUID) -> None:
        """Announce one intent on a queue."""
        ...


class LaneFactory(Protocol):
    """Gives the rate governor of one account."""

    def __call__(self, vendor: str, account_id: str, capabilities: Capabilities, *, realtime: bool) -> Lane:
        """Return the lane of an account; ``realtime`` may use the reserved share."""
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

    ``counts`` are this process's own until they are published on the ``board`` that all share.
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
    counts: Counts = field(default_factory=Counts)
    board: Board = field(default_factory=LocalBoard)
    stopping: Callable[[], bool] = never

    def wake_all(self, ready: Sequence[tuple[str, UUID]]) -> None:
        """Announce (queue, intent id) pairs after their rows were committed."""
        for queue, intent_id in ready:
            self.wake(queue, intent_id)
