"""One stage of a run in a worker's hands: lease, fence, progress."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.errors import LostLease, Stopping
from connector.services.context import Services
from connector.services.heartbeat import heartbeat
from connector.store import intents, runs
from connector.store.intents import Intent
from connector.store.runs import Run
from connector.store.session import UNAVAILABLE

log = logging.getLogger("connector.job")

GRACE_SECONDS = 8.0
"""Supervisors kill after ten seconds (Docker) or thirty (Heroku, Kubernetes): by then the work is another's."""

LOOK_SECONDS = 1.0

TURN_SECONDS = 60.0
"""So long a stage that can be gone on with keeps its worker while others wait: long against what a new beginning
costs (some fifteen questions to the CRM), short against what anybody notices."""


FIRST_TURN_SECONDS = 15.0
"""The first turn is shorter: nobody knows yet who is large, and most are done by then."""


class TurnOverError(Exception):
    """A stage stopped half-way, at a place from which it can be gone on with, because others wait."""


@dataclass(frozen=True, slots=True)
class Job:
    """What a stage function is handed.

    ``peers`` are the stages whose work waits for the same workers; ``turn_ends`` is an instant of the clock's
    ``monotonic``.
    """

    services: Services
    intent: Intent
    run: Run
    peers: tuple[str, ...] = ()
    turn_ends: float = math.inf

    @property
    def tenant_id(self) -> UUID:
        """The tenant whose work this is."""
        return self.intent.tenant_id

    @property
    def connection_id(self) -> UUID:
        """The connection, for stages that run once for each."""
        return UUID(self.intent.subject)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A writing transaction that only the holder of the lease can commit (``LostLease``)."""
        with self.services.store.transaction(self.tenant_id) as connection:
            self._renew(connection)
            yield connection

    def _renew(self, connection: Connection) -> None:
        until = self.services.clock.now() + timedelta(seconds=self.services.lease_seconds)
        intents.renew(connection, self.intent, until)

    def turn_is_over(self) -> bool:
        """Tell whether to stop here (``TurnOverError``): the turn's time is up, and another tenant waits."""
        if self.services.clock.monotonic() < self.turn_ends:
            return False
        with self.services.store.reading() as connection:
            return intents.others_wait(connection, self.tenant_id, self.peers, self.services.clock.now())

    def report(
        self,
        connection: Connection,
        *,
        done: int,
        expected: int | None,
        unsized: int = 0,
        detail: str | None = None,
    ) -> None:
        """Set the stage's progress inside the transaction that made it true; see ``StageProgress``."""
        run_id, stage = self.run.id, self.intent.stage
        runs.report(connection, run_id, stage, done=done, expected=expected, unsized=unsized, detail=detail)

    def go_on(self) -> None:
        """Return unless this worker is being stopped (``Stopping``). Asked where nothing is half done."""
        if self.services.stopping():
            raise Stopping("This worker is being stopped; another one goes on.")

    def heartbeat(self, hand_back: Callable[[], object]) -> AbstractContextManager[None]:
        """Renew the lease in the background while a stage computes or waits for a vendor.

        A stage that does not end by itself within ``GRACE_SECONDS`` of the worker's being stopped is given to
        another worker by ``hand_back``; what this one still does it can't commit.
        """
        step = min(LOOK_SECONDS, self.services.lease_seconds / 3)
        return heartbeat(f"lease-{self.intent.stage}", step, _Beat(self, hand_back, step))


class _Beat:
    """What a stage's heartbeat does each ``step`` seconds; False ends it."""

    def __init__(self, job: Job, hand_back: Callable[[], object], step: float) -> None:
        self._job = job
        self._hand_back = hand_back
        self._step = step
        self._unrenewed = self._told = 0.0

    def __call__(self) -> bool:
        services = self._job.services
        self._unrenewed += self._step
        self._told += self._step if services.stopping() else 0.0
        if self._told >= GRACE_SECONDS:
            self._hand_back()
            return False
        if self._unrenewed < services.lease_seconds / 3:
            return True
        self._unrenewed = 0.0
        try:
            with self._job.transaction():
                return True
        except LostLease:
            # The stage learns it from its own next transaction, which can't commit either.
            return False
        except UNAVAILABLE:
            # The lease outlives two beats that fail.
            log.warning("the lease of stage %s was not renewed: the database is away", self._job.intent.stage)
            return True
