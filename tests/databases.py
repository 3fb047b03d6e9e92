"""Empty, migrated databases: migrated once in a process and copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg

from connector.store.migrate import upgrade
from connector.store.session import Store, open_store
from tests import servers


def sqlite_url(path: Path) -> str:
    """Make a new file a migrated database; give its address."""
    shutil.copyfile(_migrated_file(), path)
    return f"sqlite:///{path}"


def sqlite_store(path: Path) -> Store:
    """Open a migrated store in a new file."""
    return open_store(sqlite_url(path))


@contextmanager
def postgres_database(server_url: str) -> Iterator[str]:
    """Create a migrated database on a server and drop it afterwards; give its address."""
    with servers.fresh_database(server_url, template=_migrated_database(server_url)) as url:
        yield url


@cache
def _migrated_file() -> Path:
    path = Path(_folder().name) / "migrated.db"
    _migrate(f"sqlite:///{path}")
    return path


@cache
def _folder() -> TemporaryDirectory[str]:
    # Kept by the cache, so that it is deleted when the process ends.
    return TemporaryDirectory(prefix="connector-migrated-")


@cache
def _migrated_database(server_url: str) -> str:
    """The name of a database of this server that others are copied from. It goes with the server."""
    name = f"migrated_{uuid4().hex}"
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
    _migrate(urlsplit(server_url)._replace(path=f"/{name}").geturl())
    return name


def _migrate(url: str) -> None:
    store = open_store(url)
    upgrade(store)
    store.close()
