"""One turn of the real-time lane in a worker's hands: lease, fence."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.errors import LostLease
from connector.services.context import Services
from connector.services.heartbeat import heartbeat
from connector.store import lanes, ledger
from connector.store.lanes import Piece
from connector.store.session import UNAVAILABLE

log = logging.getLogger("connector.realtime")


@dataclass(frozen=True, slots=True)
class Turn:
    """What is done about one connection at once."""

    services: Services
    piece: Piece

    @property
    def tenant_id(self) -> UUID:
        """The tenant whose work this is."""
        return self.piece.tenant_id

    @property
    def connection_id(self) -> UUID:
        """The connection whose work this is."""
        return self.piece.connection_id

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A writing transaction that only the holder of the lease can commit (``LostLease``).

        The tenant's ledger is held first, in every turn: so turns never wait for each other in a circle.
        """
        with self.services.store.transaction(self.tenant_id) as session:
            ledger.lock(session, self.tenant_id)
            self._renew(session)
            yield session

    def heartbeat(self) -> AbstractContextManager[None]:
        """Renew the lease in the background while the turn waits for a vendor."""
        return heartbeat(f"lease-{self.piece.kind}", self.services.lease_seconds / 3, self._beat)

    def _beat(self) -> bool:
        try:
            with self.services.store.transaction(self.tenant_id) as session:
                self._renew(session)
        except LostLease:
            # The turn learns it from its own next transaction, which can't commit either.
            return False
        except UNAVAILABLE:
            # The lease outlives two beats that fail.
            log.warning("real-time work of connection %s was not renewed: the database is away", self.connection_id)
        return True

    def _renew(self, session: Connection) -> None:
        until = self.services.clock.now() + timedelta(seconds=self.services.lease_seconds)
        lanes.renew(session, self.piece, until)
