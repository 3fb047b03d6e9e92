"""A scored site of one's own: the shared one's database, copied."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa

from connector.app import create_app
from connector.store.session import open_store
from connector.store.tables import api_uses
from tests.unit.web.site import Site, settings
from tests.world import StillClock, World


@contextmanager
def copy_of(scored: Site, path: Path) -> Iterator[Site]:
    """Yield a site over a copy in the file ``path``."""
    source = str(scored.world.services.store.engine.url.database)
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
