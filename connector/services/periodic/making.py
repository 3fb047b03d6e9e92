"""Make the report of a period once, and keep it as it is: contents, hash, and a ledger entry that names both."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from connector.services import acts
from connector.services.context import Services
from connector.services.periodic import compliance, costs, pdf, periods, value
from connector.services.periodic.periods import Months, Period
from connector.services.periodic.wording import Made
from connector.services.webhooks_out.changes import new_event
from connector.store import ledger, periodic, tenants, webhook_endpoints, webhook_events
from connector.store.periodic import Contents, Report
from scoring.cards import Card, body
from scoring.cards.blocks import Items, Section

REPORT_MADE = "report.made"
"""What a tenant's own systems are told, signed, of each report."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of report: what it is called, how often one is made, and by what."""

    title: str
    months: Months
    build: Callable[[Services, UUID, Period], Made]


KINDS: Mapping[str, Kind] = {
    "value": Kind("Value report", Months.MONTH, value.build),
    "compliance": Kind("Compliance review", Months.QUARTER, compliance.build),
    "costs": Kind("Cost and benefit", Months.QUARTER, costs.build),
}


def make(services: Services, tenant_id: UUID, kind: str, period: Period) -> Report:
    """Return the report of a kind for a period, made now unless it was before: nothing changes it afterwards."""
    with services.store.reading(tenant_id) as session:
        there = periodic.of_period(session, tenant_id, kind, period.name)
        name = tenants.get(session, tenant_id).name
    if there is not None:
        return there
    now, made = services.clock.now(), KINDS[kind].build(services, tenant_id, period)
    title = f"{KINDS[kind].title}, {period.name}"
    card = Card(title, (Section("In short", (Items(made.summary),)), *made.sections))
    contents = Contents(body(card), pdf.render(card, name, now))
    return _kept(services, tenant_id, (kind, period.name, title), made, contents)


def digest(contents: Contents) -> str:
    """Return the hash over both forms of a report."""
    found = hashlib.sha256(contents.body.encode())
    found.update(b"\0")
    found.update(contents.pdf)
    return found.hexdigest()


def _kept(services: Services, tenant_id: UUID, which: tuple[str, str, str], made: Made, contents: Contents) -> Report:
    kind, period, title = which
    sha256, report_id, now = digest(contents), uuid4(), services.clock.now()
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        there = periodic.of_period(session, tenant_id, kind, period)
        if there is not None:
            return there
        named = {"report": str(report_id), "kind": kind, "period": period, "sha256": sha256}
        seq = acts.record(services, session, tenant_id, "make report", **named)
        report = Report(report_id, tenant_id, kind, period, title, now, made.summary, sha256, seq)
        periodic.add(session, report, contents)
        told = [endpoint.id for endpoint in webhook_endpoints.of_tenant(session, tenant_id)]
        data = {**named, "url": f"{services.hooks.public_url}/reports/{report_id}"}
        if told:
            webhook_events.add(session, [new_event(tenant_id, one, REPORT_MADE, data, now) for one in told])
            webhook_endpoints.wake(session, tenant_id, told, now)
    return report


def make_due(services: Services, tenant_id: UUID, months: Months) -> None:
    """Make each report of the newest period that is over; none for a tenant that came after it."""
    period = periods.last(months, services.clock.now())
    with services.store.reading(tenant_id) as session:
        tenant = tenants.get(session, tenant_id)
    if tenant.created_at >= period.end:
        return
    for name, kind in KINDS.items():
        if kind.months is months:
            make(services, tenant_id, name, period)


def until_next(services: Services, months: Months) -> timedelta:
    """Return the cadence after which the first night of the next period comes."""
    now = services.clock.now()
    return periods.begins_next(months, now) - now + timedelta(days=1)
