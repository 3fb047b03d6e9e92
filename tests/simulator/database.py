"""The real store on SQLite in memory: reset in a moment, and as unreliable as the storm wants it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import StaticPool

from connector.store.migrate import upgrade
from connector.store.session import Store
from tests.simulator.kernel import Crash
from tests.simulator.storm import Boundary

STATEMENTS = 4_000
"""More than the product has: none is compiled twice."""


class Database:
    """One connection for everybody: tasks change only between transactions, so none ever meets another's."""

    def __init__(self) -> None:
        self.engine = _engine()
        upgrade(Store(self.engine))
        self.empty = self.contents()

    def contents(self) -> bytes:
        """Return everything that is stored."""
        return self._raw().serialize()

    def reset(self, contents: bytes) -> None:
        """Put back what :meth:`contents` returned."""
        self._raw().deserialize(contents)

    def _raw(self) -> sqlite3.Connection:
        with self.engine.connect() as connection:
            raw = connection.connection.dbapi_connection
        assert isinstance(raw, sqlite3.Connection)
        return raw


def _engine() -> Engine:
    engine = sa.create_engine(
        "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}, query_cache_size=STATEMENTS
    )

    @event.listens_for(engine, "connect")
    def configure(raw: sqlite3.Connection, _record: object) -> None:
        # As connector.store.session does: the store begins transactions itself.
        raw.isolation_level = None
        raw.execute("PRAGMA foreign_keys=ON")

    return engine


@dataclass(frozen=True, slots=True)
class StormyStore(Store):
    """A store whose writing transactions cross a boundary at their beginning and at their end."""

    boundary: Boundary

    @contextmanager
    def transaction(self, tenant_id: UUID | None = None) -> Iterator[Connection]:
        """As the real one; it may meet a locked database, a full disk, or its process's end."""
        boundary, task = self.boundary, self.boundary.kernel.current
        boundary.cross("BEGIN")
        self._fail("locked", "database is locked")
        task.depth += 1
        try:
            with Store.transaction(self, tenant_id) as connection:
                yield connection
                boundary.cross("COMMIT")
                self._fail("full", "database or disk is full")
        finally:
            task.depth -= 1
        boundary.cross("COMMITTED")

    @contextmanager
    def reading(self, tenant_id: UUID | None = None) -> Iterator[Connection]:
        """As the real one; the dead read nothing."""
        if self.boundary.kernel.current.process.dead:
            raise Crash
        with Store.reading(self, tenant_id) as connection:
            yield connection

    def _fail(self, kind: str, message: str) -> None:
        if self.boundary.storm.outage or self.boundary.storm.strikes(kind):
            self.boundary.kernel.say(f"the database fails: {message}")
            raise OperationalError("a statement of the simulator", {}, sqlite3.OperationalError(message))
