"""One stage of a run in a worker's hands: lease, fence, progress."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.errors import LostLease, Stopping
from connector.services.context import Services
from connector.store import intents, runs
from connector.store.intents import Intent
from connector.store.runs import Run

GRACE_SECONDS = 8.0
"""Supervisors kill after ten seconds (Docker) or thirty (Heroku, Kubernetes): by then the work is another's."""

LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Job:
    """What a stage function is handed."""

    services: Services
    intent: Intent
    run: Run

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
        with self.services.store.transaction() as connection:
            self._renew(connection)
            yield connection

    def _renew(self, connection: Connection) -> None:
        until = self.services.clock.now() + timedelta(seconds=self.services.lease_seconds)
        intents.renew(connection, self.intent, until)

    def report(self, connection: Connection, *, done: int, expected: int | None, detail: str | None = None) -> None:
        """Set the stage's progress inside the transaction that made it true."""
        runs.report(connection, self.run.id, self.intent.stage, done=done, expected=expected, detail=detail)

    def go_on(self) -> None:
        """Return unless this worker is being stopped (``Stopping``). Asked where nothing is half done."""
        if self.services.stopping():
            raise Stopping("This worker is being stopped; another one goes on.")

    @contextmanager
    def heartbeat(self, hand_back: Callable[[], object]) -> Iterator[None]:
        """Renew the lease in the background while a stage computes or waits for a vendor.

        A stage that does not end by itself within ``GRACE_SECONDS`` of the worker's being stopped is given to
        another worker by ``hand_back``; what this one still does it can't commit.
        """
        stop = threading.Event()
        thread = threading.Thread(
            target=self._beat, args=(stop, hand_back), name=f"lease-{self.intent.stage}", daemon=True
        )
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def _beat(self, stop: threading.Event, hand_back: Callable[[], object]) -> None:
        third = self.services.lease_seconds / 3
        step = min(LOOK_SECONDS, third)
        unrenewed = told = 0.0
        while not stop.wait(step):
            unrenewed += step
            told += step if self.services.stopping() else 0.0
            if told >= GRACE_SECONDS:
                hand_back()
                return
            if unrenewed >= third:
                unrenewed = 0.0
                try:
                    with self.transaction():
                        pass
                except LostLease:
                    # The stage learns it from its own next transaction, which can't commit either.
                    return
