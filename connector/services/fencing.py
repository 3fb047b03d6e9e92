"""The last look at a claim, as late as there is one: when a request that brings values to a CRM may leave.

Between taking rows and sending them a process may stand still anywhere: as it reads a token, as it waits for its
place in the account's budget. So the look belongs to the lane, which is the last that is asked before a request goes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID

from connector.crashpoints import Point, reached


def _free() -> None:
    """Without a claim there is nothing to lose."""


_check: ContextVar[Callable[[], None]] = ContextVar("check", default=_free)
_claim: ContextVar[UUID | None] = ContextVar("claim", default=None)


@contextmanager
def fenced(check: Callable[[], None], token: UUID | None = None) -> Iterator[None]:
    """Call ``check`` before each writing request of this thread while the block runs; what it raises stops it.

    ``token`` is that of the claim.
    """
    former, holder = _check.set(check), _claim.set(token)
    try:
        yield
    finally:
        _check.reset(former)
        _claim.reset(holder)


def claim() -> UUID | None:
    """Return the token of the claim in force."""
    return _claim.get()


def look() -> None:
    """Raise what the claim in force raises, which is ``LostLease``."""
    reached(Point.WRITE_LEAVES)
    _check.get()()
