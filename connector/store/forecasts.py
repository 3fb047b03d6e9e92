"""Sealed forecasts of a week's list of leads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.experiments import HOLDOUT
from connector.store.tables import experiment_leads, experiments, forecast_leads, forecasts, leads, scores


@dataclass(frozen=True, slots=True)
class Forecast:
    """One forecast, as its row says (store/tables/trials)."""

    id: UUID
    tenant_id: UUID
    made_at: datetime
    opens_at: datetime
    promised: int | None
    body: str
    salt: str
    seal: str
    ledger_seq: int
    outcome: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A lead for a list, with its chance and the model that gave it."""

    lead_id: int
    probability: Decimal
    model: str


_COLUMNS = [forecasts.c[name] for name in Forecast.__dataclass_fields__]


def candidates(connection: Connection, tenant_id: UUID, since: datetime, limit: int) -> Sequence[Candidate]:
    """Return the best open leads that were on no list since then, the best first.

    Who is held out by an experiment is on none: their team would be shown them.
    """
    listed = (
        sa.select(forecast_leads.c.lead_id)
        .join(forecasts, forecasts.c.id == forecast_leads.c.forecast_id)
        .where(forecasts.c.tenant_id == tenant_id, forecasts.c.made_at >= since)
    )
    hidden = (
        sa.select(experiment_leads.c.lead_id)
        .join(experiments, experiments.c.id == experiment_leads.c.experiment_id)
        .where(
            experiments.c.tenant_id == tenant_id,
            experiments.c.kind == HOLDOUT,
            experiments.c.ended_at.is_(None),
            ~experiment_leads.c.treated,
        )
    )
    query = (
        sa.select(scores.c.lead_id, scores.c.probability, scores.c.model)
        .where(scores.c.tenant_id == tenant_id, scores.c.lead_id.not_in(listed), scores.c.lead_id.not_in(hidden))
        .order_by(scores.c.probability.desc(), scores.c.lead_id)
        .limit(limit)
    )
    return [Candidate(*row) for row in connection.execute(query)]


def add(connection: Connection, forecast: Forecast, lead_ids: Sequence[int]) -> None:
    """Keep a forecast with its list, the best lead first."""
    row = {name: getattr(forecast, name) for name in Forecast.__dataclass_fields__}
    connection.execute(sa.insert(forecasts), row)
    places = [
        {"forecast_id": forecast.id, "lead_id": lead_id, "tenant_id": forecast.tenant_id, "place": place}
        for place, lead_id in enumerate(lead_ids, start=1)
    ]
    connection.execute(sa.insert(forecast_leads), places)


def of_tenant(connection: Connection, tenant_id: UUID) -> Sequence[Forecast]:
    """Return every forecast of a tenant, the newest first."""
    query = sa.select(*_COLUMNS).where(forecasts.c.tenant_id == tenant_id).order_by(forecasts.c.made_at.desc())
    return [Forecast(*row) for row in connection.execute(query)]


def listed(connection: Connection, tenant_id: UUID, forecast_id: UUID) -> Sequence[int]:
    """Return the leads of a list that are still there, the best first."""
    c = forecast_leads.c
    query = sa.select(c.lead_id).where(c.tenant_id == tenant_id, c.forecast_id == forecast_id).order_by(c.place)
    return list(connection.execute(query).scalars())


def open_with(connection: Connection, forecast: Forecast, outcome: Mapping[str, Any]) -> None:
    """Keep what came."""
    mine = sa.and_(forecasts.c.tenant_id == forecast.tenant_id, forecasts.c.id == forecast.id)
    connection.execute(sa.update(forecasts).where(mine).values(outcome=dict(outcome)))


def named(connection: Connection, tenant_id: UUID, lead_ids: Sequence[int]) -> Mapping[int, tuple[Decimal, str]]:
    """Return lead → (probability, tier) as they stand now."""
    query = sa.select(scores.c.lead_id, scores.c.probability, scores.c.tier).join(leads, leads.c.id == scores.c.lead_id)
    found = connection.execute(query.where(scores.c.tenant_id == tenant_id, scores.c.lead_id.in_(list(lead_ids))))
    return {row.lead_id: (row.probability, row.tier) for row in found}
