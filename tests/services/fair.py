"""Workers that share tenants' work on a virtual clock, through the product's own claims, and Jain's index."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from connector.records import Account
from connector.services import pipeline
from connector.services.context import Services
from connector.services.job import Job
from connector.store import connections, intents, tenants
from connector.store.tenants import TenantSettings
from tests.world import World


def arrive(line: World, accounts: int = 1) -> UUID:
    """Add a tenant with work at its accounts; its messages are sent."""
    now = line.clock.now()
    with line.services.store.transaction() as session:
        tenant_id = tenants.create(session, "T", TenantSettings(), now)
        for number in range(accounts):
            account = Account(f"{tenant_id}-{number}", "T", "https://fake.example", "UTC")
            connections.add(session, tenant_id, "fakecrm", account, now)
        ready = pipeline.start(line.services, session, tenant_id, pipeline.RETRAIN)
    line.services.wake_all(ready)
    return tenant_id


@dataclass
class Shop:
    """Workers that take turns at the first stage of each tenant, on a virtual clock.

    What is claimed, given back and finished, and in which order, is the product's; how long it takes is said
    by ``needs`` (seconds of work, by tenant). ``waits`` is how long each stood before its first turn, ``took`` until
    its work was done.
    """

    line: World
    workers: int = 4
    claim: Callable[[Services, UUID], Job | None] = pipeline.claim_next
    needs: dict[UUID, float] = field(default_factory=dict)
    waits: dict[UUID, float] = field(default_factory=dict)
    served: dict[UUID, float] = field(default_factory=lambda: defaultdict(float))
    took: dict[UUID, float] = field(default_factory=dict)
    _arrived: dict[UUID, float] = field(default_factory=dict)
    _busy: list[tuple[float, int, Job, float]] = field(default_factory=list)
    _turns: int = 0

    def come(self, seconds: float, accounts: int = 1) -> UUID:
        """Let a tenant with so much work arrive."""
        tenant_id = arrive(self.line, accounts)
        self.needs[tenant_id] = seconds
        self._arrived[tenant_id] = self.line.clock.monotonic()
        return tenant_id

    def run(self, until: float) -> None:
        """Work until an instant of the clock."""
        self._take()
        while self._busy and self._busy[0][0] <= until:
            at, _, job, spent = heapq.heappop(self._busy)
            self._at(at)
            self._release(job, spent)
            self._take()
        self._at(until)

    def _at(self, instant: float) -> None:
        self.line.clock.sleep(max(0.0, instant - self.line.clock.monotonic()))

    def _take(self) -> None:
        while len(self._busy) < self.workers and self.line.woken:
            _, intent_id = self.line.woken.pop(0)
            job = self.claim(self.line.services, intent_id)
            if job is not None:
                now = self.line.clock.monotonic()
                self.waits.setdefault(job.tenant_id, now - self._arrived[job.tenant_id])
                spent = min(self.needs[job.tenant_id], job.turn_ends - now)
                self._turns += 1
                heapq.heappush(self._busy, (now + spent, self._turns, job, spent))

    def _release(self, job: Job, spent: float) -> None:
        self.served[job.tenant_id] += spent
        self.needs[job.tenant_id] -= spent
        if self.needs[job.tenant_id] > 0:
            self.line.services.wake_all(pipeline.give_way(job))
        else:
            self.took[job.tenant_id] = self.line.clock.monotonic() - self._arrived[job.tenant_id]
            with self.line.services.store.transaction() as session:
                intents.finish(session, job.intent)


def jain(shares: Sequence[float]) -> float:
    """Return Jain's index of fairness: 1 where all are equal, 1/n where one has everything."""
    return sum(shares) ** 2 / (len(shares) * sum(share**2 for share in shares))
