"""What a process does for each tenant: processor time and requests to CRMs, kept by day.

A process counts its time as a whole (with that of its children once they ended) and parts it evenly among the pieces
of work that are under way: exact where one is done at a time, and the sum is always what the process took. What is
counted is kept with the end of each piece; in the real-time lane once in a while, so that no turn waits for it. A
worker that is killed loses what it had not kept.
"""

from __future__ import annotations

import logging
import math
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from connector.store import usage
from connector.store.session import UNAVAILABLE

if TYPE_CHECKING:
    from connector.services.context import Services

log = logging.getLogger("connector.usage")

CPU = "cpu"
"""Milliseconds of processors."""
CALLS = "calls:"
"""Requests to the CRM that is named after it."""
SELDOM = timedelta(minutes=1)
_MILLI = 1_000

Amounts = dict[UUID, dict[str, float]]


def processor_seconds() -> float:
    """Return what this process and its ended children took of processors since it began."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


class Meter:
    """What one process counted since it was last kept. Safe to use from several threads."""

    def __init__(self, seconds: Callable[[], float] = processor_seconds) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._held: Amounts = {}
        self._under_way: list[UUID] = []
        self._seen = 0.0
        self._kept_at = -math.inf

    def add(self, tenant_id: UUID, what: str, amount: float = 1.0) -> None:
        """Count for a tenant."""
        with self._lock:
            self._add(tenant_id, what, amount)

    @contextmanager
    def working(self, tenant_id: UUID) -> Iterator[None]:
        """Count the time of a piece of work for its tenant."""
        with self._lock:
            self._part()
            self._under_way.append(tenant_id)
        try:
            yield
        finally:
            with self._lock:
                self._part()
                self._under_way.remove(tenant_id)

    def rested(self, now: float) -> bool:
        """Whether it was kept long ago by ``now`` (an instant of the clock's ``monotonic``); counted as kept if so."""
        with self._lock:
            if now - self._kept_at < SELDOM.total_seconds():
                return False
            self._kept_at = now
            return True

    def take(self) -> dict[UUID, dict[str, int]]:
        """Return whole amounts by tenant and begin again; what is less than one stays."""
        with self._lock:
            self._part()
            taken: dict[UUID, dict[str, int]] = {}
            for tenant_id, amounts in self._held.items():
                whole = {what: int(amount) for what, amount in amounts.items() if amount >= 1}
                for what, amount in whole.items():
                    amounts[what] -= amount
                if whole:
                    taken[tenant_id] = whole
            return taken

    def _part(self) -> None:
        """Part the time since the last look among what was under way; idle time is nobody's."""
        now = self._seconds()
        # Not below nothing: a fork begins to count anew.
        spent, self._seen = max(now - self._seen, 0.0), now
        for tenant_id in self._under_way:
            self._add(tenant_id, CPU, spent * _MILLI / len(self._under_way))

    def _add(self, tenant_id: UUID, what: str, amount: float) -> None:
        held = self._held.setdefault(tenant_id, {})
        held[what] = held.get(what, 0.0) + amount


@contextmanager
def metered(services: Services, tenant_id: UUID) -> Iterator[None]:
    """Count a piece of work for its tenant, and keep what was counted when it ends."""
    try:
        with services.meter.working(tenant_id):
            yield
    finally:
        keep(services)


@contextmanager
def metered_turn(services: Services, tenant_id: UUID) -> Iterator[None]:
    """Count a turn of the real-time lane for its tenant; what was counted is kept now and then."""
    try:
        with services.meter.working(tenant_id):
            yield
    finally:
        if services.meter.rested(services.clock.monotonic()):
            keep(services)


def keep(services: Services) -> None:
    """Add what was counted to the day's; what can't be kept now is with the next."""
    day = f"{services.clock.now():%Y-%m-%d}"
    for tenant_id, amounts in services.meter.take().items():
        try:
            with services.store.transaction(tenant_id) as session:
                usage.add(session, tenant_id, day, amounts)
        except IntegrityError:
            log.info("tenant %s is gone, and what they used with them", tenant_id)
        except UNAVAILABLE:
            for what, amount in amounts.items():
                services.meter.add(tenant_id, what, amount)
            log.warning("what tenant %s used is kept later: the database is away", tenant_id)
