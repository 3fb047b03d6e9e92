"""Engines and transactions.

Services open transactions; nothing here commits on its own. On SQLite every writing
transaction begins with ``BEGIN IMMEDIATE``, so that two writers queue for up to 30 s
instead of failing half-way.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import InterfaceError, OperationalError

from connector.errors import RetryLater

BUSY_MILLISECONDS = 30_000

UNAVAILABLE = (OperationalError, InterfaceError)
"""What a database raises that is away, locked or full: nobody's bug, and it passes."""


@dataclass(frozen=True, slots=True)
class Store:
    """The database of one deployment region."""

    engine: Engine

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One short writing transaction; rolled back unless the block ends well."""
        with self.engine.connect() as connection:
            if self.engine.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection
            connection.commit()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent view for reading; whatever was written in it is thrown away."""
        with self.engine.connect() as connection:
            if self.engine.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN")
            yield connection
            connection.rollback()

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


def open_store(url: str) -> Store:
    """Open the database at an SQLAlchemy ``url`` (sqlite or postgresql)."""
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return Store(_sqlite(parsed))
    return Store(sa.create_engine(parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True, pool_size=10))


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
