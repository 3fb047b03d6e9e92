"""Once a week: open what has matured, then seal a forecast of the next list.

A lead is on one list in a horizon, so that lists tell of different people. What is expected is sealed until the
outcomes are known, so that nobody works towards it: the ledger keeps its commitment, the page the salted text.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.engine import Connection

from connector.services import snapshot
from connector.services.context import Services
from connector.store import forecasts, ledger, models, tenants
from connector.store.forecasts import Candidate, Forecast
from connector.store.tenants import TenantSettings

USUAL_SPREAD = 0.15
"""By how much the level may be off where the model's own test does not say."""


def run(services: Services, tenant_id: UUID) -> None:
    """Open and seal; nothing is sealed without a model, or for a source that knows no dates."""
    open_matured(services, tenant_id)
    seal(services, tenant_id)


def seal(services: Services, tenant_id: UUID) -> Forecast | None:
    """Seal a forecast of the best leads that are on no list yet; None where there are none."""
    now = services.clock.now()
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        settings = tenants.get(session, tenant_id).settings
        champion = models.champion(session, tenant_id)
        if champion is None or settings.timing != "dated":
            return None
        since = now - timedelta(days=settings.horizon_days)
        best = forecasts.candidates(session, tenant_id, since, settings.capacity)
        if not best:
            return None
        fresh = _sealed(session, tenant_id, settings, best, spread_of(champion.report), now)
        forecasts.add(session, fresh, [one.lead_id for one in best])
    return fresh


def _sealed(
    session: Connection,
    tenant_id: UUID,
    settings: TenantSettings,
    best: Sequence[Candidate],
    spread: float,
    now: datetime,
) -> Forecast:
    # Imported here, as in training: whoever does not compute needs no library of statistics.
    import numpy as np

    from scoring.promises import least, total

    told = total(np.array([float(one.probability) for one in best]), spread)
    promise = least(worked(forecasts.of_tenant(session, tenant_id)), len(best))
    opens_at = now + timedelta(days=settings.horizon_days + 1)
    said = {
        "goal": settings.goal,
        "horizon_days": settings.horizon_days,
        "models": sorted({one.model for one in best}),
        "leads": [one.lead_id for one in best],
        "chances": [str(one.probability) for one in best],
        "expected": round(told.expected, 2),
        "low": told.low,
        "high": told.high,
        "made_at": now.isoformat(),
        "opens_at": opens_at.isoformat(),
    }
    return _entered(session, tenant_id, said, promise.least if promise else None, (now, opens_at))


def _entered(
    session: Connection, tenant_id: UUID, said: Mapping[str, Any], promised: int | None, span: tuple[datetime, datetime]
) -> Forecast:
    """Enter the seal of what is said in the ledger; ``span`` is from now until it is opened."""
    now, opens_at = span
    body, salt, forecast_id = ledger.canonical(said), secrets.token_hex(16), uuid4()
    mark = ledger.commit(salt, body)
    entry = {
        "action": "seal forecast",
        "by": "the product",
        "forecast": str(forecast_id),
        "seal": mark,
        "leads": len(said["leads"]),
        "promised": promised,
        "opens_at": opens_at.isoformat(),
    }
    seq = ledger.append(session, tenant_id, [ledger.Entry("admin", None, entry)], now)
    return Forecast(forecast_id, tenant_id, now, opens_at, promised, body, salt, mark, seq, None)


def spread_of(report: Mapping[str, Any]) -> float:
    """By what share the level of the chances may be off, as the model's own test window says."""
    ratio = (report.get("drift") or {}).get("ratio") or {}
    low, high = ratio.get("low"), ratio.get("high")
    return USUAL_SPREAD if low is None or high is None else max(0.0, (float(high) - float(low)) / (2 * 1.96))


def worked(found: Sequence[Forecast]) -> list[Any]:
    """Return the lists whose outcomes are known, for ``scoring.promises``."""
    from scoring.promises import Worked

    return [
        Worked(int(one.outcome["leads"]), int(one.outcome["won"]), one.promised)
        for one in found
        if one.outcome is not None
    ]


def open_matured(services: Services, tenant_id: UUID) -> int:
    """Note what came of lists whose time is over; return how many were opened."""
    now = services.clock.now()
    with services.store.reading(tenant_id) as session:
        settings = tenants.get(session, tenant_id).settings
        due = [
            (one, forecasts.listed(session, tenant_id, one.id))
            for one in forecasts.of_tenant(session, tenant_id)
            if one.outcome is None and one.opens_at <= now
        ]
    if not due:
        return 0
    won = snapshot.conversion_times(services, tenant_id, settings)
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        for one, leads in due:
            outcome = {"leads": len(leads), "won": sum(_within(one, won.get(lead, ())) for lead in leads)}
            forecasts.open_with(session, one, outcome)
            body = {
                "action": "open forecast",
                "by": "the product",
                "forecast": str(one.id),
                "seal": one.seal,
                **outcome,
            }
            ledger.append(session, tenant_id, [ledger.Entry("admin", None, body)], now)
    return len(due)


def _within(one: Forecast, times: Sequence[datetime]) -> bool:
    return any(one.made_at < at <= one.opens_at for at in times)
