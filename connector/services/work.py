"""What is done about one connection, whoever does it: a stage of a run, or a turn of the real-time lane."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.services.context import Services


class Work(Protocol):
    """Work that is in a worker's hands."""

    @property
    def services(self) -> Services:
        """The wired parts."""
        ...

    @property
    def tenant_id(self) -> UUID:
        """The tenant whose work this is."""
        ...

    @property
    def connection_id(self) -> UUID:
        """The connection that is read or written."""
        ...

    def transaction(self) -> AbstractContextManager[Connection]:
        """A writing transaction that only the holder of the work can commit."""
        ...
