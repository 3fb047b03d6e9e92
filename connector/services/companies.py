"""The scores of companies, made of their open leads' chances after each pass over all leads."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.records import Tier
from connector.services.champions.serving import Serving
from connector.store import companies
from scoring.companies import chance_of_any

_CHUNK = 5_000
_STEP = Decimal("0.00000001")


def refresh(session: Connection, tenant_id: UUID, ways: Serving, as_of: datetime, now: datetime) -> int:
    """Score every company by its leads that were scored as of then or later; return how many companies.

    A company's people are scored by one model, which ``ways`` names. Those without such a lead lose their score. May be
    told twice, and by a run that another one has overtaken: newer scores stay.
    """
    fixed = {"tenant_id": tenant_id, "as_of": as_of, "scored_at": now}
    waiting, done = [], 0
    for found in _companies(session, tenant_id, as_of):
        model = ways.way_of(found["best_lead_id"], found["company_key"]).version
        waiting.append(found | fixed | {"model": model})
        done += 1
        if len(waiting) == _CHUNK:
            companies.save(session, waiting)
            waiting = []
    companies.save(session, waiting)
    companies.drop_older(session, tenant_id, as_of)
    return done


def _companies(session: Connection, tenant_id: UUID, as_of: datetime) -> Iterator[dict[str, Any]]:
    # Read whole: a statement that writes in between would end the reading on some databases.
    rows = list(companies.scored_leads(session, tenant_id, as_of))
    for key, members in groupby(rows, key=lambda row: row.company_key):
        mine = list(members)
        best = max(mine, key=lambda row: (row.probability, -row.lead_id))
        chance = chance_of_any([float(row.probability) for row in mine])
        yield {
            "company_key": key,
            "probability": Decimal(repr(chance)).quantize(_STEP),
            "leads": len(mine),
            "high_intent": sum(row.tier == Tier.HIGH_INTENT for row in mine),
            "best_lead_id": best.lead_id,
        }
