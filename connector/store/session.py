"""Engines and transactions.

Services open transactions; nothing here commits on its own. On SQLite every writing
transaction begins with ``BEGIN IMMEDIATE``, so that two writers queue for up to 30 s
instead of failing half-way.

A transaction is one tenant's or everyone's. PostgreSQL holds that by policies on each
table (store/walls): a query that forgot its tenant finds nothing of another's there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from connector.crypto import ChainSeal
from connector.errors import RetryLater
from connector.store.heads import CHAIN_SEAL

BUSY_MILLISECONDS = 30_000

UNAVAILABLE = (OperationalError, InterfaceError)
"""What a database raises that is away, locked or full: nobody's bug, and it passes."""

TENANT_SETTING = "app.tenant"
EVERYONE = "everyone"
"""What PostgreSQL's policies compare a row's tenant with: an id, or this word."""


@dataclass(frozen=True, slots=True)
class Store:
    """The database of one deployment region."""

    engine: Engine

    @contextmanager
    def transaction(self, tenant_id: UUID | None = None) -> Iterator[Connection]:
        """One short writing transaction; rolled back unless the block ends well.

        It reaches the rows of ``tenant_id`` alone, or everyone's: a door for the few modules that a test lists.
        """
        with self._begun("BEGIN IMMEDIATE", tenant_id) as connection:
            yield connection
            connection.commit()

    @contextmanager
    def reading(self, tenant_id: UUID | None = None) -> Iterator[Connection]:
        """One consistent view for reading, of whom :meth:`transaction` says; what is written in it is thrown away."""
        with self._begun("BEGIN", tenant_id) as connection:
            yield connection
            connection.rollback()

    def _begun(self, sqlite: str, tenant_id: UUID | None) -> Connection:
        """Begin on a pooled connection; once more, on a fresh one, where the pooled one had been lost unnoticed.

        So no pooled connection has to be asked beforehand whether it still is one. Nothing has happened yet that would
        be done twice.
        """
        try:
            return self._begun_once(sqlite, tenant_id)
        except DBAPIError as lost:
            if not lost.connection_invalidated:
                raise
        return self._begun_once(sqlite, tenant_id)

    def _begun_once(self, sqlite: str, tenant_id: UUID | None) -> Connection:
        connection = self.engine.connect()
        try:
            _begin(connection, sqlite, tenant_id)
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def rebuilding(self) -> Iterator[Connection]:
        """One transaction, everyone's, in which tables may be made anew.

        SQLite makes a table anew by deleting the old one, which would take along, or cut off, all rows that refer to
        it: there nothing hangs on anything meanwhile.
        """
        with self.engine.connect() as connection:
            lite = connection.dialect.name == "sqlite"
            if lite:
                connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            try:
                _begin(connection, "BEGIN IMMEDIATE", None)
                yield connection
                connection.commit()
            finally:
                # After an error; else nothing is left to be taken back.
                connection.rollback()
                if lite:
                    connection.exec_driver_sql("PRAGMA foreign_keys=ON")

    def scrub(self) -> None:
        """Let what was deleted leave the files of SQLite: its pages were overwritten, the log that led there goes.

        Raises ``RetryLater`` while somebody still reads by the log. PostgreSQL does the same at its own time
        (docs/privacy.md).
        """
        if self.engine.dialect.name != "sqlite":
            return
        with self.engine.connect() as connection:
            busy = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0]
        if busy:
            raise RetryLater("The database's log is in use.", after_seconds=5.0)

    def close(self) -> None:
        """Return every pooled connection."""
        self.engine.dispose()


def _begin(connection: Connection, sqlite: str, tenant_id: UUID | None) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(sqlite)
    else:
        # Until the transaction ends, so that the next user of a pooled connection finds nothing of it; in one trip.
        connection.exec_driver_sql(f"BEGIN; SET LOCAL {TENANT_SETTING} = '{tenant_id or EVERYONE}'")


def confine(connection: Connection, tenant_id: UUID) -> None:
    """Let the rest of a transaction that began as everyone's reach one tenant's rows alone."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL {TENANT_SETTING} = '{tenant_id}'")


def open_store(url: str, seal: ChainSeal | None = None) -> Store:
    """Open the database at an SQLAlchemy ``url`` (sqlite or postgresql); ``seal`` seals the heads of its ledgers."""
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = _sqlite(parsed)
    else:
        # The driver would begin transactions by a trip of their own; the store begins them itself.
        own = {"autocommit": True}
        engine = sa.create_engine(parsed.set(drivername="postgresql+psycopg"), connect_args=own, pool_size=10)
    return Store(engine.execution_options(**{CHAIN_SEAL: seal}) if seal else engine)


def _sqlite(url: sa.URL) -> Engine:
    engine = sa.create_engine(url, connect_args={"timeout": BUSY_MILLISECONDS / 1000}, pool_size=20, max_overflow=20)

    @event.listens_for(engine, "connect")
    def configure(raw: Any, _record: Any) -> None:
        # The driver would begin transactions by its own rules; the store begins them itself.
        raw.isolation_level = None
        for pragma in (
            "synchronous=NORMAL",
            "foreign_keys=ON",
            "secure_delete=ON",
            f"busy_timeout={BUSY_MILLISECONDS}",
        ):
            raw.execute(f"PRAGMA {pragma}")
        # The mode stays with the file. Setting it again could meet another writer's lock, which
        # this statement, unlike every other, does not wait for.
        if raw.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            raw.execute("PRAGMA journal_mode=WAL")

    return engine
