"""Where the newest wins and losses stood before they ended, as a training found it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store import models
from connector.store.bulk import upsert
from connector.store.tables import leads, lookbacks


@dataclass(frozen=True, slots=True)
class Look:
    """A look at a lead so many days before its end, as ``scoring.lookback.LOOKBACK`` says."""

    lead_id: int
    days_before: int
    won: bool
    outcome: str
    ended_at: datetime
    score_tenths: int | None
    place: Decimal | None


def save(connection: Connection, tenant_id: UUID, model: str, found: Sequence[Look]) -> None:
    """Keep what a model's training found, and drop what those found that neither score nor are this one.

    Leads that are gone by now are passed over. To be called while the tenant's ledger is held, so that none goes
    meanwhile.
    """
    scores = models.champion_name(connection, tenant_id)
    kept = {model, scores[0] if scores else model}
    c = lookbacks.c
    connection.execute(sa.delete(lookbacks).where(c.tenant_id == tenant_id, c.model.not_in(sorted(kept))))
    named = sorted({look.lead_id for look in found})
    there = sa.select(leads.c.id).where(leads.c.tenant_id == tenant_id, leads.c.id.in_(named))
    held = set(connection.execute(there).scalars())
    rows = [asdict(look) | {"tenant_id": tenant_id, "model": model} for look in found if look.lead_id in held]
    upsert(connection, lookbacks, rows, key=("tenant_id", "model", "lead_id", "days_before"))


def of_model(connection: Connection, tenant_id: UUID, model: str) -> Sequence[Look]:
    """Return what a model's training found, the newest ends first."""
    c = lookbacks.c
    query = sa.select(c.lead_id, c.days_before, c.won, c.outcome, c.ended_at, c.score_tenths, c.place)
    query = query.where(c.tenant_id == tenant_id, c.model == model)
    found = connection.execute(query.order_by(c.ended_at.desc(), c.lead_id, c.days_before.desc()))
    return [Look(*row) for row in found]
