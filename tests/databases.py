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
    """Lend a migrated, empty database of a server; give its address.

    Making one and dropping it takes a third of a second, emptying it a tenth of that: one whose form the test left as
    it was goes to the next test.
    """
    if not _free(server_url):
        _free(server_url).append(_copied(server_url))
    name = _free(server_url).pop()
    address = urlsplit(server_url)._replace(path=f"/{name}").geturl()
    yield address
    with psycopg.connect(address, autocommit=True) as inside:
        inside.execute(_OTHERS_END)
        whole = _form(inside) == _migrated_form(server_url)
        if whole:
            inside.execute(_EMPTIED)
    if whole:
        _free(server_url).append(name)
        return
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def postgres_copy(server_url: str) -> Iterator[str]:
    """Lend a migrated, empty database that goes with whatever rights were given in it; give its address."""
    # Asked for before it is copied: it may have no other user then.
    template = _migrated_database(server_url)
    with servers.fresh_database(server_url, template) as url:
        yield url


_OTHERS_END = """
SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_FORM = """
SELECT md5(string_agg(told, ',' ORDER BY told)) FROM (
  SELECT format('%s.%s %s', attrelid::regclass, attname, atttypid) FROM pg_attribute
    JOIN pg_class ON pg_class.oid = attrelid WHERE relnamespace = 'public'::regnamespace
  UNION ALL SELECT format('%s %s', conrelid::regclass, conname) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace
  UNION ALL SELECT format('%s %s', tgrelid::regclass, tgname) FROM pg_trigger
  UNION ALL SELECT format('%s %s', polrelid::regclass, polname) FROM pg_policy
  UNION ALL SELECT version_num FROM alembic_version
) AS every(told)
"""
_EMPTIED = """
DO $$
DECLARE
  one record;
BEGIN
  SET session_replication_role = replica;
  FOR one IN SELECT oid::regclass::text AS name, pg_relation_size(oid) AS bytes FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'alembic_version'
      AND pg_relation_size(oid) > 0
  LOOP
    -- To give a table new files takes several times as long as to delete what one test wrote.
    IF one.bytes > 1000000 THEN EXECUTE 'TRUNCATE ' || one.name || ' CASCADE';
    ELSE EXECUTE 'DELETE FROM ' || one.name;
    END IF;
  END LOOP;
  FOR one IN SELECT format('%I.%I', schemaname, sequencename) AS name, start_value FROM pg_sequences
    WHERE last_value IS NOT NULL
  LOOP
    PERFORM setval(one.name, one.start_value, false);
  END LOOP;
END $$
"""


def _form(database: psycopg.Connection) -> object:
    """What tables, constraints, triggers and policies there are, and the schema's version."""
    return database.execute(_FORM).fetchone()


@cache
def _migrated_form(server_url: str) -> object:
    with psycopg.connect(urlsplit(server_url)._replace(path=f"/{_migrated_database(server_url)}").geturl()) as template:
        return _form(template)


@cache
def _free(server_url: str) -> list[str]:
    """Names of databases of this server that no test has."""
    return []


def _copied(server_url: str) -> str:
    name = f"test_{uuid4().hex}"
    # Asked before the template is copied: it may have no other user then.
    _migrated_form(server_url)
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{_migrated_database(server_url)}"')
    return name


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
