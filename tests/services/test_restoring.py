"""The drill: a backup taken while the product is in use is restored elsewhere, and goes on as if nothing was."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from connector.crypto import TokenCipher, new_key
from connector.services import ledgers, maintenance, pipeline
from connector.services.reports.health import readiness
from connector.store import connections, runs
from connector.store.connections import Health
from connector.store.runs import Run, RunStatus
from connector.store.session import Store, open_store
from tests import servers
from tests.services.copies import copied
from tests.world import World


@contextmanager
def restored(store: Store, folder: Path, request: pytest.FixtureRequest) -> Iterator[Store]:
    """Back a database up as docs/operations.md says, and open what was made of the backup."""
    if store.engine.dialect.name == "sqlite":
        with sqlite3.connect(str(store.engine.url.database)) as used:
            used.execute("VACUUM INTO ?", [str(folder / "copy.db")])
        used.close()
        copy = open_store(f"sqlite:///{folder / 'copy.db'}")
        yield copy
        copy.close()
        return
    address = store.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    dump = folder / "connector.sql"
    dumped = ["--no-owner", "--file", str(dump), address]
    subprocess.run([servers.postgres_program("pg_dump"), *dumped], check=True)
    with servers.fresh_database(request.getfixturevalue("postgres_url")) as empty:
        loaded = ["--quiet", "--set", "ON_ERROR_STOP=1", "--file", str(dump), empty]
        subprocess.run([servers.postgres_program("psql"), *loaded], check=True, stdout=subprocess.DEVNULL)
        copy = open_store(empty)
        yield copy
        copy.close()


def newest(made: World) -> Run:
    """Return the newest run of the one tenant."""
    with made.services.store.reading() as session:
        run = runs.latest(session, connections.newest(session).tenant_id)
    assert run
    return run


def test_a_restored_backup_goes_on(scored: World, store: Store, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """The chain of scores is whole, a refresh ends, and nothing that the CRM holds is written again; without the
    keys the work waits, with a sentence that names them, and goes on once they are there."""
    made = copied(scored, store)
    tenant = newest(made).tenant_id
    entries = ledgers.verify(made.services, tenant).entries
    written = len(made.crm.writes)
    assert entries > written > 0
    with restored(store, tmp_path, request) as copy:
        kept = made.services
        made.services = replace(kept, store=copy, cipher=TokenCipher([new_key()]))
        found = ledgers.verify(made.services, tenant)
        assert (found.entries, found.broken_at) == (entries, None)
        assert "Add that key to CONNECTOR_ENCRYPTION_KEYS" in readiness(made.services).parts["encryption_keys"]
        made.clock.sleep(60)
        maintenance.start_run(made.services, tenant, pipeline.REFRESH)
        made.work()
        stopped = newest(made)
        assert stopped.status is RunStatus.STOPPED
        assert stopped.error
        assert "Add that key to CONNECTOR_ENCRYPTION_KEYS" in stopped.error
        made.services = replace(made.services, cipher=kept.cipher)
        assert pipeline.resume(made.services, tenant) == 1
        pipeline.sweep(made.services)
        made.work()
        assert newest(made).status is RunStatus.DONE
        with copy.reading() as session:
            assert connections.newest(session).status is Health.ACTIVE
        after = ledgers.verify(made.services, tenant)
        assert after.entries > entries
        assert after.broken_at is None
        assert len(made.crm.writes) == written
