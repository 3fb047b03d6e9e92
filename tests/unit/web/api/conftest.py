"""The API over a tenant with scores: one to read, and copies of it to change."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from connector.app import create_app
from connector.store.session import open_store
from connector.store.tables import api_uses
from tests.unit.web.api.program import Program, program
from tests.unit.web.site import Site, settings
from tests.world import StillClock, World


@pytest.fixture(scope="session")
def reader(scored: Site) -> Program:
    """A program that may do everything with the tenant that is only read."""
    return program(scored)


@pytest.fixture
def live(scored: Site, tmp_path: Path) -> Iterator[Site]:
    """A copy of the scored tenant of one's own."""
    path, source = tmp_path / "copy.db", str(scored.world.services.store.engine.url.database)
    with sqlite3.connect(source) as held, sqlite3.connect(path) as copy:
        held.backup(copy)
    copy.close()
    held.close()
    store = open_store(f"sqlite:///{path}")
    with store.transaction() as session:
        # What others asked of the tenant that is shared.
        session.execute(sa.delete(api_uses))
    woken: list[tuple[str, UUID]] = []
    clock = StillClock(scored.world.clock.at)
    services = replace(
        scored.world.services, store=store, clock=clock, wake=lambda queue, work_id: woken.append((queue, work_id))
    )
    world = World(services, clock, scored.world.crm, woken)
    yield Site(world, create_app(services, settings()))
    store.close()


@pytest.fixture
def writer(live: Site) -> Program:
    """A program that may do everything with the copy."""
    return program(live)
