"""One stage of a run in a worker's hands: lease, fence, progress."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.errors import LostLease
from connector.services.context import Services
from connector.services.heartbeat import heartbeat
from connector.store import intents, runs
from connector.store.intents import Intent
from connector.store.runs import Run


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

    def heartbeat(self) -> AbstractContextManager[None]:
        """Renew the lease in the background while a stage computes or waits for a vendor."""
        return heartbeat(f"lease-{self.intent.stage}", self.services.lease_seconds / 3, self._beat)

    def _beat(self) -> bool:
        try:
            with self.transaction():
                return True
        except LostLease:
            # The stage learns it from its own next transaction, which can't commit either.
            return False
