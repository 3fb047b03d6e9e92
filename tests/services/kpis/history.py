"""A tenant whose every lead, act and score a test has put there itself, so that each figure is known by counting."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from connector.crypto import TokenCipher, new_key
from connector.records import Actor, EventKind
from connector.services.context import Services
from connector.store import ledger, tenants
from connector.store.session import Store
from connector.store.tables import changes, connections, conversions, events, fields, leads, records, scores
from connector.store.tenants import TenantSettings
from tests.world import NOW, StillClock, world

DAY = timedelta(days=1)
INSTALLED = NOW - 200 * DAY


@dataclass
class History:
    """One tenant with one account, to be filled."""

    services: Services
    clock: StillClock
    tenant_id: UUID
    connection_id: UUID
    made: int = field(default=0)

    def lead(self, created: datetime, source: str | None = None) -> int:
        """Add a lead with a record; return its id."""
        self.made += 1
        name = f"r{self.tenant_id.hex[:6]}{self.made}"
        with self.services.store.transaction(self.tenant_id) as session:
            row = {"tenant_id": self.tenant_id, "key": name, "created_at": created}
            lead_id: int = session.execute(sa.insert(leads).values(row).returning(leads.c.id)).scalar_one()
            held = {"connection_id": self.connection_id, "vendor_id": name, "lead_id": lead_id, "modified_at": created}
            row = {"tenant_id": self.tenant_id, **held, "created_at": created, "properties": {}}
            record_id = session.execute(sa.insert(records).values(row).returning(records.c.id)).scalar_one()
            if source:
                one = {"record_id": record_id, "name": "source", "at": created, "value": source}
                session.execute(sa.insert(changes).values(tenant_id=self.tenant_id, **one))
        return lead_id

    def _record(self, session: sa.Connection, lead_id: int) -> int:
        found: int = session.execute(sa.select(records.c.id).where(records.c.lead_id == lead_id)).scalar_one()
        return found

    def act(self, lead_id: int, at: datetime, kind: EventKind, actor: Actor = Actor.SELLER) -> None:
        """Let something happen with a lead."""
        self.made += 1
        with self.services.store.transaction(self.tenant_id) as session:
            row: dict[str, Any] = {"source": "acts", "source_id": str(self.made), "kind": kind, "at": at}
            row |= {"actor": actor, "record_id": self._record(session, lead_id)}
            session.execute(sa.insert(events).values(tenant_id=self.tenant_id, connection_id=self.connection_id, **row))

    def win(self, lead_id: int, at: datetime, amount: str | None = None, currency: str | None = "EUR") -> None:
        """Let a lead convert."""
        self.made += 1
        with self.services.store.transaction(self.tenant_id) as session:
            row: dict[str, Any] = {"source": "deals", "source_id": str(self.made), "kind": "deal_won", "at": at}
            row |= {"record_id": self._record(session, lead_id), "currency": currency}
            row |= {"amount": Decimal(amount) if amount else None}
            session.execute(
                sa.insert(conversions).values(tenant_id=self.tenant_id, connection_id=self.connection_id, **row)
            )

    def score(self, lead_ids: list[int], at: datetime, tier: str, score: str = "50.0") -> None:
        """Record scores at a time."""
        with self.services.store.transaction(self.tenant_id) as session:
            entries = [ledger.Entry("scored", lead, {"tier": tier, "score": score}) for lead in lead_ids]
            ledger.append(session, self.tenant_id, entries, at)

    def chance(self, lead_id: int, tier: str, probability: str) -> None:
        """Let a lead have a score now."""
        row = {"lead_id": lead_id, "tenant_id": self.tenant_id, "run_id": UUID(int=1), "model": "m", "tier": tier}
        row |= {"score": Decimal(50), "probability": Decimal(probability), "reasons": [], "base_value": "0"}
        with self.services.store.transaction(self.tenant_id) as session:
            session.execute(sa.insert(scores).values(inputs_hash="0", as_of=NOW, scored_at=NOW, **row))


def history(store: Store, **settings: Any) -> History:
    """Give an empty tenant whose account was installed 200 days ago; conversions count for 30 days."""
    made = world(store)
    services = replace(made.services, cipher=TokenCipher([new_key()]))
    chosen = TenantSettings(**{"horizon_days": 30, "capacity": 5, **settings})
    with store.transaction() as session:
        tenant_id = tenants.create(session, "Alpha & Söhne", chosen, INSTALLED)
        connection_id = uuid4()
        row: dict[str, Any] = {"vendor": "fakecrm", "account_id": str(connection_id), "account_name": "Alpha"}
        row |= {"ui_url": "https://fake.example", "time_zone": "UTC", "status": "active", "installed_at": INSTALLED}
        row |= {"scopes": [], "field_names": {}, "options": {}}
        session.execute(sa.insert(connections).values(id=connection_id, tenant_id=tenant_id, **row))
        flags = dict.fromkeys(("system", "own", "personal", "company"), False)
        one = {
            "name": "source",
            "label": "Source",
            "type": "category",
            "role": "source",
            "options": {"ad": "Search ads"},
        }
        session.execute(
            sa.insert(fields).values(tenant_id=tenant_id, connection_id=connection_id, excludes={}, **one, **flags)
        )
    return History(services, made.clock, tenant_id, connection_id)
