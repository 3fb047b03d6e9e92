"""A look at each running experiment every week: what the arms differ by so far, and whether it is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from math import inf, isfinite
from typing import Any
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.services.champions import trying
from connector.services.context import Services
from connector.services.experiments import conducting, uplifting
from connector.services.experiments.bringing import CONVERSIONS, REVENUE, Brought, brought
from connector.services.pipeline import Ready
from connector.store import experiments, ledger, tenants
from connector.store.experiments import MODELS, Experiment
from connector.store.types import AnyRow

DIFFERENT, ALIKE = "their outcomes tell the models apart", "every outcome is known, and it was not shown to be better"


def look(services: Services, tenant_id: UUID) -> None:
    """Compare the arms by the leads whose time is over; close to newcomers, or end, when that is due."""
    with services.store.reading(tenant_id) as session:
        found = [one for one in experiments.all_running(session, tenant_id).values() if one.planned_leads]
        settings = tenants.get(session, tenant_id).settings
        counted = {one.id: experiments.counted(session, one) for one in found}
    if not found:
        return
    now = services.clock.now()
    told = brought(services, tenant_id, settings, min(one.begun_at for one in found))
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        # Whoever ended one meanwhile has decided.
        open_now = {one.id for one in experiments.all_running(session, tenant_id).values()}
        ready: Ready = []
        for one in found:
            if one.id in open_now:
                ready += _note(services, session, one, counted[one.id], told, now)
    services.wake_all(ready)


def _note(
    services: Services,
    session: Connection,
    experiment: Experiment,
    counted: Sequence[AnyRow],
    told: Brought,
    now: datetime,
) -> Ready:
    if experiment.closed_at is None and len(counted) >= experiment.planned_leads:
        experiments.change(session, experiment, closed_at=now)
    known = outcomes(experiment, counted, told, now)
    seen = _compared(known)
    looks = [*experiment.looks]
    if seen is not None:
        beside = _beside(experiment, counted, told, now)
        found = uplifting.uplifts(session, experiment, _leads(experiment, counted, told, now))
        looks.append({"at": now.isoformat(), **seen, "beside": beside, **({"uplift": found} if found else {})})
        experiments.change(session, experiment, looks=looks)
    over = experiment.closed_at is not None and len(known) == len(counted)
    if experiment.kind == MODELS:
        return _models(services, session, experiment, looks, over=over)
    return conducting.close(services, session, experiment, "every outcome is known") if over else []


def _models(
    services: Services, session: Connection, trial: Experiment, looks: Sequence[Mapping[str, Any]], *, over: bool
) -> Ready:
    """The challenger stays once it surely brings more; it goes once it surely brings less, or at the end."""
    low, high = certain(looks, trial.planned_leads)
    if low > 0:
        return trying.stay(services, session, trial, f"promoted by the rule: {DIFFERENT}")
    if high < 0:
        return trying.go(services, session, trial, f"withdrawn by the rule: {DIFFERENT}")
    return trying.go(services, session, trial, f"withdrawn by the rule: {ALIKE}") if over else []


def certain(looks: Sequence[Mapping[str, Any]], planned_leads: int) -> tuple[float, float]:
    """Return the ends of the interval of the newest look that says something; it holds at all looks together."""
    # Imported here, as everywhere in the services: who does not compute needs no library of statistics.
    from scoring.experiments import Comparison, looked

    found = looked([Comparison.from_json(one) for one in looks], planned_leads)
    told = [(one.low, one.high) for one in found if isfinite(one.low)]
    return told[-1] if told else (-inf, inf)


def outcomes(
    experiment: Experiment, counted: Sequence[AnyRow], told: Brought, now: datetime, outcome: str = CONVERSIONS
) -> list[tuple[str, bool, float]]:
    """Return (unit, treated, value) of leads that had their whole horizon: what they brought within it."""
    span = timedelta(days=experiment.horizon_days)
    return [
        (row.unit, row.treated, float(told.value(outcome, row.lead_id, row.hot_at, span)))
        for row in counted
        if row.hot_at + span <= now
    ]


def _leads(
    experiment: Experiment, counted: Sequence[AnyRow], told: Brought, now: datetime
) -> list[tuple[int, str, bool, bool]]:
    """(lead, unit, treated, converted) of leads that had their whole horizon."""
    span = timedelta(days=experiment.horizon_days)
    return [
        (row.lead_id, row.unit, row.treated, told.value(CONVERSIONS, row.lead_id, row.hot_at, span) > 0)
        for row in counted
        if row.hot_at + span <= now
    ]


def _beside(
    experiment: Experiment, counted: Sequence[AnyRow], told: Brought, now: datetime
) -> dict[str, dict[str, Any]]:
    """Comparisons of what else the data tell of; of money with its currency and what each arm brought to the cent."""
    found: dict[str, dict[str, Any]] = {}
    for outcome in told.known:
        seen = None if outcome == CONVERSIONS else _compared(outcomes(experiment, counted, told, now, outcome))
        if seen is not None:
            found[outcome] = seen
            if outcome == REVENUE:
                found[outcome]["currency"] = told.currency
    return found


def _compared(known: Sequence[tuple[str, bool, float]]) -> dict[str, Any] | None:
    # Imported here, as everywhere in the services: who does not compute needs no library of statistics.
    import polars as pl

    from scoring.experiments import UNITS, compared

    found = compared(pl.DataFrame(known, schema=UNITS, orient="row"))
    # Without a single conversion the arms don't vary: such a look would promise certainty.
    return asdict(found) if found is not None and found.error > 0 else None
