"""Reports of a month or a quarter that are not over, when somebody wants to see them now."""

from __future__ import annotations

from uuid import UUID

from connector.services import acts
from connector.services.context import Services
from connector.services.periodic import making, periods
from connector.store import ledger, schedules

ASKED = "reports"
"""Among what is done by the clock: due only when somebody asks."""


def ask(services: Services, tenant_id: UUID) -> None:
    """Have them made within a minute or so, on the record."""
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        schedules.bring_forward(session, ASKED, {tenant_id: services.clock.now()})
        acts.record(services, session, tenant_id, "ask for reports")


def make_now(services: Services, tenant_id: UUID) -> None:
    """Make each kind for the part of its running period that is over; one of a day stays as it is."""
    for name, kind in making.KINDS.items():
        making.make(services, tenant_id, name, periods.so_far(kind.months, services.clock.now()))
