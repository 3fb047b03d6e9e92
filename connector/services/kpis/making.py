"""Make the figures of a tenant and keep them, so that pages and messages only read."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from connector.services import acts
from connector.services.context import Services
from connector.services.kpis import channels, money, outcomes, reading, times, volume
from connector.services.kpis.shapes import KpiReport
from connector.store import kpis, ledger, schedules

KIND = "kpis"
"""Among what is done by the clock."""
KEPT = timedelta(days=3 * 365)
"""For so long figures of former weeks are kept."""
NO_DATES = "The leads of this organisation come without dates, so that nothing can be said of time."


def make(services: Services, tenant_id: UUID) -> KpiReport:
    """Count everything now, and keep it."""
    now = services.clock.now()
    known = reading.read(services, tenant_id)
    report = KpiReport(
        made_at=now,
        capacity=known.settings.capacity,
        kpis=(
            outcomes.by_tier(known),
            outcomes.found(known),
            outcomes.meetings(known),
            times.sales_cycle(known),
            times.first_touch(known),
            times.hot_touch(known),
            volume.volume(known, now),
            money.revenue(known),
            money.pipeline(known),
            money.spend_per_lead(known),
            outcomes.before_after(known),
        ),
        weeks=volume.by_week(known, now),
        note="" if known.settings.timing == "dated" else NO_DATES,
        channels=channels.channels(known),
        reached=volume.reached(known),
    )
    with services.store.transaction(tenant_id) as session:
        kpis.save(session, tenant_id, now, report.to_json())
        kpis.drop_before(session, tenant_id, now - KEPT)
    return report


def cadence(services: Services, tenant_id: UUID) -> timedelta:
    """Return how often figures are made: each week, once there are any."""
    return timedelta(days=1) if newest(services, tenant_id) is None else timedelta(days=7)


def ask(services: Services, tenant_id: UUID) -> None:
    """Have the figures made within a minute or so, on the record."""
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        schedules.bring_forward(session, KIND, {tenant_id: services.clock.now()})
        acts.record(services, session, tenant_id, "count figures now")


def newest(services: Services, tenant_id: UUID) -> KpiReport | None:
    """Return the newest figures, None before the first ones were made."""
    with services.store.reading(tenant_id) as session:
        found = kpis.newest(session, tenant_id)
    return KpiReport.from_json(found[1]) if found else None
