"""A tenant after its first run, whose models take no time and differ by what they score (shifting)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from connector.services import maintenance, pipeline
from connector.services.champions import choosing
from connector.store import connections, ledger, models, runs
from connector.store.runs import Run
from connector.store.session import Store
from connector.store.tables import scores
from tests.databases import sqlite_store
from tests.fakecrm import FakeApp
from tests.services.copies import copied
from tests.services.shifting import Shifting, shifting
from tests.world import World, small_account, world

FIRST, SECOND, THIRD = "model_v20260301", "model_v20260301.2", "model_v20260301.3"


@dataclass
class Office:
    """A tenant after its first run."""

    world: World
    model: Shifting
    tenant_id: UUID

    def run(self, kind: str, *outcomes: str) -> Run:
        """Carry a run out, its training ending so; return it as it is then."""
        self.model.outcomes[:] = outcomes
        self.world.clock.sleep(3600)
        maintenance.start_run(self.world.services, self.tenant_id, kind)
        self.world.work()
        return self.newest()

    def newest(self) -> Run:
        """The newest run."""
        with self.world.services.store.reading() as session:
            found = runs.latest(session, self.tenant_id)
        assert found
        return found

    def states(self) -> Mapping[str, str]:
        """Version → status."""
        with self.world.services.store.reading() as session:
            return {row.version: row.status for row in models.listed(session, self.tenant_id)}

    def shown(self) -> Mapping[str, Mapping[str, str]]:
        """What the CRM shows of everybody, but for when it was written."""
        held = self.world.crm.held.items()
        return {name: {key: text for key, text in values.items() if "updated" not in key} for name, values in held}

    def by(self) -> set[str]:
        """The models whose scores stand."""
        with self.world.services.store.reading() as session:
            return set(session.execute(sa.select(scores.c.model)).scalars())

    def said(self, action: str) -> list[Mapping[str, Any]]:
        """The acts of a kind that are on the record."""
        with self.world.services.store.reading() as session:
            entries = ledger.span(session, self.tenant_id, "admin")
        return [entry.body for entry in entries if entry.body and entry.body["action"] == action]

    def scored(self) -> list[ledger.Kept]:
        """The scores of the ledger."""
        with self.world.services.store.reading() as session:
            return list(ledger.span(session, self.tenant_id, "scored"))

    def roll_back(self) -> None:
        """Roll back, and let it take effect."""
        self.world.clock.sleep(60)
        choosing.roll_back(self.world.services, self.tenant_id)
        self.world.work()


@contextmanager
def opened(folder: Path, *, tried: bool) -> Iterator[Office]:
    """An account with 60 people whose scores are written; ``tried``: and a second model waits for a person's word."""
    store = sqlite_store(folder / "office.db")
    made = world(store)
    made.crm = small_account(60)
    made.services = replace(made.services, apps={"fakecrm": FakeApp({"code-1": made.crm})})
    with pytest.MonkeyPatch.context() as patch:
        model = shifting(made, patch)
        made.install()
        made.work()
        with store.reading() as session:
            office = Office(made, model, connections.newest(session).tenant_id)
        if tried:
            office.run(pipeline.RETRAIN, "waiting")
    yield office
    store.close()


def moved(office: Office, store: Store, monkeypatch: pytest.MonkeyPatch) -> Office:
    """The same office once more, in an empty store."""
    made = copied(office.world, store)
    model = shifting(made, monkeypatch)
    model.wanted += office.model.wanted
    return Office(made, model, office.tenant_id)
