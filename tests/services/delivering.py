"""An installed account with records whose scores are queued by hand: delivery alone, without any training."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.records import Record
from connector.services import pipeline, writeback
from connector.services.context import Services
from connector.services.opening import open_adapter
from connector.store import ledger, models, outbox, records, tenants
from connector.store.models import Decided, ModelVersion
from connector.store.outbox import OutboxStatus
from connector.store.session import Store
from connector.store.tables import leads, ledger_payloads
from connector.store.tables import outbox as table
from connector.store.tables import records as record_table
from tests.world import NOW, World, world


@dataclass(frozen=True)
class AtOnce:
    """Work that nobody else can take over."""

    services: Services
    tenant_id: UUID
    connection_id: UUID

    def transaction(self) -> AbstractContextManager[Connection]:
        """A writing transaction."""
        return self.services.store.transaction()


@dataclass
class Desk:
    """One tenant's account with ``count`` records, each of its own lead, ids from 1 on both sides."""

    world: World
    tenant_id: UUID
    connection_id: UUID
    seq: int = 0

    def queue(
        self, score: str, *ids: int, tier: str = "Low", age: float = 0.0, scale: str = "100", **more: Any
    ) -> None:
        """Queue a score of each record, as of now less ``age`` seconds."""
        at = self.world.clock.now()
        body = {"score": score, "probability": "0.5", "tier": tier, "reasons": ["why"], "model": "m"}
        if scale != "100":
            # Values of before there were scales lack it.
            body["scale"] = scale
        body["updated_at"] = (at - timedelta(seconds=age)).isoformat()
        rows = []
        for record_id in ids:
            self.seq += 1
            rows.append(
                {
                    "record_id": record_id,
                    "tenant_id": self.tenant_id,
                    "connection_id": self.connection_id,
                    "status": OutboxStatus.PENDING,
                    "ledger_seq": self.seq,
                    "due_at": at,
                    "attempts": 0,
                    "message": None,
                    "values": body,
                    **more,
                }
            )
        with self.world.services.store.transaction() as session:
            outbox.put(session, rows)

    def deliver(self, *ids: int, realtime: bool = False) -> int:
        """Deliver given records."""
        services = self.world.services
        adapter = open_adapter(services, self.connection_id, realtime=realtime)
        work = AtOnce(services, self.tenant_id, self.connection_id)
        return writeback.deliver_records(work, "fakecrm", adapter, ids)

    def run(self) -> None:
        """Let a whole delivery run to its end, as after an approval."""
        services = self.world.services
        with services.store.transaction() as session:
            ready = pipeline.publish(services, session, self.tenant_id)
        services.wake_all(ready)
        self.world.work()

    def set(self, **settings: Any) -> None:
        """Change the tenant's settings, without a record of it."""
        with self.world.services.store.transaction() as session:
            known = tenants.get(session, self.tenant_id).settings
            tenants.save_settings(session, self.tenant_id, replace(known, **settings))

    def vendor_id(self, record_id: int) -> str:
        """Return what the CRM calls a record: PostgreSQL numbers many at once in the order of their keys."""
        with self.world.services.store.reading() as session:
            query = sa.select(record_table.c.vendor_id).where(record_table.c.id == record_id)
            return str(session.execute(query).scalar_one())

    def status(self, record_id: int = 1) -> str:
        """Return where a record stands."""
        with self.world.services.store.reading() as session:
            return str(session.execute(sa.select(table.c.status).where(table.c.record_id == record_id)).scalar_one())

    def held(self) -> dict[str, str]:
        """Return record → the score that the CRM holds."""
        return {key: texts["lead_score"] for key, texts in self.world.crm.held.items()}

    def said(self) -> list[str]:
        """Return the bodies of the ledger's entries, in order; checks its chain."""
        with self.world.services.store.reading() as session:
            assert ledger.verify(session, self.tenant_id).broken_at is None
            query = sa.select(ledger_payloads.c.body).order_by(ledger_payloads.c.seq)
            return list(session.execute(query).scalars())


def desk(store: Store, count: int = 3, **onboarding: Any) -> Desk:
    """Install an account and give it records."""
    made = world(store, **onboarding)
    installed = made.install()
    made.woken.clear()
    found = [Record(str(number), f"p{number}@x.com", NOW, NOW, {}) for number in range(1, count + 1)]
    tenant_id = installed.tenant_id
    with store.transaction() as session:
        records.save(session, tenant_id, installed.connection_id, found, NOW)
        for number in range(1, count + 1):
            session.execute(
                sa.insert(leads).values(id=number, tenant_id=tenant_id, key=f"p{number}@x.com", created_at=NOW)
            )
        session.execute(sa.update(record_table).values(lead_id=record_table.c.id))
        session.execute(sa.text("DELETE FROM intents"))
        session.execute(sa.text("DELETE FROM run_stages"))
        session.execute(sa.text("DELETE FROM runs"))
        model = ModelVersion("model_v20260301", NOW, 1, b"", "", {}, NOW)
        models.keep(session, tenant_id, model, models.RETIRED, Decided({}, NOW))
        models.publish(session, tenant_id, model.version, 0, NOW)
    return Desk(made, tenant_id, installed.connection_id)
