"""The daily look: arrivals are compared with the champion's reference, what is found is kept, alarms open and close.

It never makes a model. Where the tenant chose so, an alarm brings the next training forward.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import polars as pl
from sqlalchemy.engine import Connection

from connector.services import snapshot
from connector.services.champions import asking
from connector.services.context import Services
from connector.store import drifting, models, tenants
from connector.store.drifting import NewAlarm, ToldChance
from connector.store.frames import Cut
from connector.store.models import ModelVersion
from connector.store.tenants import TenantSettings
from scoring.schema import History, Neighbours, Timing

KIND = "drift"
KEPT = timedelta(days=180)
"""Findings are kept for so long."""
BACK, FAR_BACK = timedelta(days=45), timedelta(days=121)
"""Arrivals are read so far back; where they are few, farther."""
FEW = 3_000
MOST_ARRIVALS, MOST_CHANCES = 15_000, 5_000
"""Leads read of each: more tell little more, and a query can't name them."""
COHORT = timedelta(days=60)
_COMPANY_DAYS = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Look:
    """What a day's look found; plain values, as they come from a process of their own."""

    summary: Mapping[str, Any]
    findings: Mapping[str, Mapping[str, Any]]
    opened: Sequence[Mapping[str, str]]
    closed: Sequence[str]


def watch(services: Services, tenant_id: UUID) -> None:
    """Look at those who came lately. Nothing to do without a model, or where leads have no dates of their own."""
    now = services.clock.now()
    with services.store.reading(tenant_id) as session:
        settings = tenants.get(session, tenant_id).settings
        champion = models.champion(session, tenant_id)
    if champion is None or settings.timing == Timing.ORDERED or settings.as_of:
        return
    learned = _reference(services, tenant_id, settings, champion, now)
    if not learned:
        found = Look({"learned_from": 0}, {}, (), ())
    else:
        found = _looked(services, tenant_id, settings, champion, learned, now)
    with services.store.transaction(tenant_id) as session:
        _keep(session, tenant_id, champion.version, found, now)
    if found.opened and settings.retrain_on_drift:
        asking.ask_retraining(services, tenant_id, f"{len(found.opened)} new alarms of the daily drift watch.")


def _keep(session: Connection, tenant_id: UUID, model: str, found: Look, now: datetime) -> None:
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    summary = {**found.summary, "model": model, "at": now.isoformat()}
    drifting.keep_findings(session, tenant_id, day, {drifting.ARRIVALS: summary, **found.findings})
    drifting.forget_findings(session, tenant_id, day - KEPT)
    drifting.close(session, tenant_id, found.closed, now)
    drifting.open_new(session, tenant_id, model, [NewAlarm(**one) for one in found.opened], now)


def _reference(
    services: Services, tenant_id: UUID, settings: TenantSettings, champion: ModelVersion, now: datetime
) -> Mapping[str, Any]:
    """What is compared with: learned once a model, from all that came before its training. Empty: too few came."""
    with services.store.reading(tenant_id) as session:
        held = drifting.reference(session, tenant_id, champion.version)
    if held is not None:
        return held
    history = snapshot.history(services, tenant_id, settings)
    learned: dict[str, Any] = services.isolated(learn, champion.artefact, history, champion.as_of, str(tenant_id))
    with services.store.transaction(tenant_id) as session:
        drifting.keep_reference(session, tenant_id, champion.version, learned, now)
    return learned


def _looked(
    services: Services,
    tenant_id: UUID,
    settings: TenantSettings,
    champion: ModelVersion,
    learned: Mapping[str, Any],
    now: datetime,
) -> Look:
    horizon = timedelta(days=settings.horizon_days)
    with services.store.reading(tenant_id) as session:
        since = now - (FAR_BACK if drifting.came(session, tenant_id, now - BACK, now) < FEW else BACK)
        came = drifting.arrived(session, tenant_id, since, now, MOST_ARRIVALS)
        open_now = [alarm.subject for alarm in drifting.open_alarms(session, tenant_id)]
        told: list[ToldChance] = []
        if settings.timing == Timing.DATED:
            told = drifting.told_chances(session, tenant_id, now - horizon - COHORT, now - horizon, MOST_CHANCES)
    beside = Neighbours("lead", since - _COMPANY_DAYS)
    history = snapshot.history(services, tenant_id, settings, Cut(tuple(came)), beside)
    outcomes = snapshot.history(services, tenant_id, settings, Cut(tuple(one.lead_id for one in told)))
    features = champion.report.get("features") or ()
    found: Look = services.isolated(
        look,
        champion.artefact,
        str(tenant_id),
        (history, came),
        learned,
        now,
        features,
        open_now,
        [asdict(one) for one in told],
        outcomes,
    )
    return found


def learn(artefact: bytes, history: History, as_of: datetime, tenant: str) -> dict[str, Any]:
    """Learn a reference in a process of its own; empty where too few came."""
    # Imported here for the same reason as in training: the web process never scores.
    from scoring.bundle import loads
    from scoring.monitoring.daily import first_look

    found = first_look(loads(artefact, tenant=tenant), history, as_of)
    return found.to_json() if found else {}


def look(
    artefact: bytes,
    tenant: str,
    arrived: tuple[History, Sequence[int]],
    learned: Mapping[str, Any],
    now: datetime,
    features: Sequence[Mapping[str, Any]],
    open_now: Collection[str],
    told: Sequence[Mapping[str, Any]],
    outcomes: History,
) -> Look:
    """Compare in a process of its own."""
    from scoring.bundle import loads
    from scoring.monitoring import daily
    from scoring.monitoring.cohort import TOLD
    from scoring.monitoring.reference import Reference

    bundle = loads(artefact, tenant=tenant)
    found = daily.look(
        bundle,
        arrived[0],
        Reference.from_json(learned),
        now=now,
        among=arrived[1],
        matter=daily.important(bundle, features),
        open_now=open_now,
        chances=(pl.DataFrame(list(told), schema=TOLD), outcomes) if told else None,
    )
    opened = [{"subject": name, "measure": measure, **asdict(words)} for name, (measure, words) in found.opened.items()]
    return Look(found.summary, found.findings, opened, found.closed)
