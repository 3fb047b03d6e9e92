"""Where a rep sits: the leads, what the CRM shows of them, and what the ledger says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from connector.services import pipeline
from connector.services.privacy import erasing
from connector.store import connections, ledger, scores
from connector.store.connections import CrmConnection
from connector.store.tables import records
from connector.store.types import AnyRow
from tests.world import World


@dataclass
class Desk:
    """A world of scored leads."""

    world: World

    @cached_property
    def account(self) -> CrmConnection:
        """The only account."""
        with self.world.services.store.reading() as session:
            found = connections.find_by_account(session, "fakecrm", "101")
        assert found
        return found

    @property
    def tenant(self) -> UUID:
        """The only tenant."""
        return self.account.tenant_id

    @property
    def now(self) -> datetime:
        """What the clock says."""
        return self.world.clock.now()

    def leads(self) -> list[tuple[int, str]]:
        """Scored leads with the ids of their records in the CRM, by their numbers."""
        query = sa.select(records.c.lead_id, records.c.vendor_id).where(records.c.lead_id.in_(self._scored()))
        with self.world.services.store.reading(self.tenant) as session:
            return [(row.lead_id, row.vendor_id) for row in session.execute(query.order_by(records.c.lead_id))]

    def _scored(self) -> list[int]:
        with self.world.services.store.reading(self.tenant) as session:
            return sorted(scores.tiers(session, self.tenant))

    def score(self, lead: int) -> AnyRow:
        """The stored score of a lead."""
        with self.world.services.store.reading(self.tenant) as session:
            found = scores.of_lead(session, self.tenant, lead)
        assert found
        return found

    def shown(self, record: str) -> tuple[str, str] | None:
        """Score and tier that the CRM shows of a record."""
        held = self.world.crm.held.get(record)
        return (held["lead_score"], held["lead_score_tier"]) if held else None

    def model_says(self, lead: int) -> tuple[str, str]:
        """Score and tier by the model."""
        row = self.score(lead)
        return str(row.score), row.tier

    def entries(self, lead: int) -> list[tuple[str, Mapping[str, Any] | None]]:
        """The ledger's (kind, body) of a lead, the newest first."""
        with self.world.services.store.reading(self.tenant) as session:
            rows = ledger.of_lead(session, self.tenant, lead, None)
        return [(row.kind, json.loads(row.body) if row.body else None) for row in rows]

    def refresh(self, days: float = 1.0) -> None:
        """Let some time pass, and everybody be scored anew."""
        self.world.clock.sleep(86_400 * days)
        with self.world.services.store.transaction(self.tenant) as session:
            ready = pipeline.start_unless_waiting(self.world.services, session, self.tenant)
        self.world.services.wake_all(ready)
        self.world.work()

    def sweep_erasures(self) -> None:
        """Let what was asked of the CRMs, and of the store, be done."""
        for found in erasing.due(self.world.services):
            assert erasing.carry_out(self.world.services, found)
