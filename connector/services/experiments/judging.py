"""A look at a running experiment each week: what the arms differ by so far, and whether it is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.services import snapshot
from connector.services.context import Services
from connector.services.experiments import conducting
from connector.services.pipeline import Ready
from connector.store import experiments, ledger, tenants
from connector.store.experiments import Experiment
from connector.store.types import AnyRow


def look(services: Services, tenant_id: UUID) -> None:
    """Compare the arms by the leads whose time is over; close to newcomers, or end, when that is due."""
    with services.store.reading(tenant_id) as session:
        experiment = experiments.running(session, tenant_id)
        if experiment is None:
            return
        settings = tenants.get(session, tenant_id).settings
        counted = experiments.counted(session, experiment)
    now = services.clock.now()
    won = snapshot.conversion_times(services, tenant_id, settings)
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        ready = _note(services, session, experiment, counted, won, now)
    services.wake_all(ready)


def _note(
    services: Services,
    session: Connection,
    experiment: Experiment,
    counted: Sequence[AnyRow],
    won: Mapping[int, Sequence[datetime]],
    now: datetime,
) -> Ready:
    if experiment.closed_at is None and len(counted) >= experiment.planned_leads:
        experiments.change(session, experiment, closed_at=now)
    known = outcomes(experiment, counted, won, now)
    seen = _compared(known)
    if seen is not None:
        experiments.change(session, experiment, looks=[*experiment.looks, {"at": now.isoformat(), **seen}])
    over = experiment.closed_at is not None and len(known) == len(counted)
    return conducting.close(services, session, experiment, "every outcome is known") if over else []


def outcomes(
    experiment: Experiment, counted: Sequence[AnyRow], won: Mapping[int, Sequence[datetime]], now: datetime
) -> list[tuple[str, bool, float]]:
    """Return (unit, treated, 1 or 0) of leads that had their whole horizon: whether they converted within it."""
    span = timedelta(days=experiment.horizon_days)
    return [
        (row.unit, row.treated, float(any(row.hot_at < at <= row.hot_at + span for at in won.get(row.lead_id, ()))))
        for row in counted
        if row.hot_at + span <= now
    ]


def _compared(known: Sequence[tuple[str, bool, float]]) -> dict[str, Any] | None:
    # Imported here, as everywhere in the services: who does not compute needs no library of statistics.
    import polars as pl

    from scoring.experiments import UNITS, compared

    found = compared(pl.DataFrame(known, schema=UNITS, orient="row"))
    # Without a single conversion the arms don't vary: such a look would promise certainty.
    return asdict(found) if found is not None and found.error > 0 else None
