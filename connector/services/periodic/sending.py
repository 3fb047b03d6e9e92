"""Make what is due of a month or a quarter, and send it to whoever is on the tenant's list, once each.

That an address was told is noted after each: a worker that dies in between sends one message twice, under one id.
"""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

from connector.errors import RetryLater
from connector.services.context import Services
from connector.services.digest import messages, posting
from connector.services.periodic import making, periods
from connector.services.periodic.periods import Months
from connector.store import ledger, periodic, recipients, tenants
from connector.store.periodic import Report


def monthly(services: Services, tenant_id: UUID) -> None:
    """Make and send what is due of the last month; raises ``RetryLater`` where some have to be told again."""
    _due(services, tenant_id, Months.MONTH)


def quarterly(services: Services, tenant_id: UUID) -> None:
    """Make and send what is due of the last quarter; raises ``RetryLater`` as above."""
    _due(services, tenant_id, Months.QUARTER)


def each_month(services: Services, _tenant_id: UUID) -> timedelta:
    """Until the first night of the next month."""
    return making.until_next(services, Months.MONTH)


def each_quarter(services: Services, _tenant_id: UUID) -> timedelta:
    """Until the first night of the next quarter."""
    return making.until_next(services, Months.QUARTER)


def _due(services: Services, tenant_id: UUID, months: Months) -> None:
    making.make_due(services, tenant_id, months)
    period = periods.last(months, services.clock.now())
    later: RetryLater | None = None
    for name, kind in making.KINDS.items():
        if kind.months is not months:
            continue
        with services.store.reading(tenant_id) as session:
            report = periodic.of_period(session, tenant_id, name, period.name)
        if report is not None:
            later = _send(services, report) or later
    if later is not None:
        raise later


def _send(services: Services, report: Report) -> RetryLater | None:
    """Send a report to each address that was not told of it; return what passes."""
    with services.store.reading(report.tenant_id) as session:
        held = recipients.of_tenant(session, report.tenant_id)
        waiting = periodic.untold(session, report.tenant_id, report, held)
        if not waiting:
            return None
        organisation = tenants.get(session, report.tenant_id).name
        contents = periodic.contents(session, report)
    url = f"{services.hooks.public_url}/reports/{report.id}"
    said = messages.report(organisation, report.title, report.summary, url, (file_name(report, "pdf"), contents.pdf))
    later: RetryLater | None = None
    for recipient in waiting:
        now = services.clock.now()
        posted = posting.post(services, recipient, said, f"report-{report.id.hex}")
        with services.store.transaction(report.tenant_id) as session:
            ledger.lock(session, report.tenant_id)
            recipients.note(session, recipient, **posted.noted(now))
            if posted.settled and recipients.find(session, report.tenant_id, recipient.id) is not None:
                periodic.tell(session, report, recipient, now)
        later = posted.later or later
    return later


def file_name(report: Report, form: str) -> str:
    """Return what a report's file is called."""
    return f"{re.sub(r'[^a-z0-9]+', '-', report.title.lower()).strip('-')}.{form}"
