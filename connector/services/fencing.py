"""The last look at a claim, as late as there is one: when a request that brings values to a CRM may leave.

Between taking rows and sending them a process may stand still anywhere: as it reads a token, as it waits for its
place in the account's budget. So the look belongs to the lane, which is the last that is asked before a request goes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from uuid import UUID

from connector.crashpoints import Point, reached


@dataclass(frozen=True, slots=True)
class Errand:
    """What one thread brings to a CRM under a claim: its token, and the jobs that carry it and are not over."""

    token: UUID
    jobs: set[str] = field(default_factory=set)


def _free() -> None:
    """Without a claim there is nothing to lose."""


_check: ContextVar[Callable[[], None]] = ContextVar("check", default=_free)
_errand: ContextVar[Errand | None] = ContextVar("errand", default=None)


@contextmanager
def fenced(check: Callable[[], None], errand: Errand | None = None) -> Iterator[None]:
    """Call ``check`` before each writing request of this thread while the block runs; what it raises stops it."""
    former, before = _check.set(check), _errand.set(errand)
    try:
        yield
    finally:
        _check.reset(former)
        _errand.reset(before)


def errand() -> Errand | None:
    """Return what is under way in this thread; None where nothing is claimed."""
    return _errand.get()


def look() -> None:
    """Raise what the claim in force raises, which is ``LostLease``."""
    reached(Point.WRITE_LEAVES)
    _check.get()()
