"""The page Reports: what was made, for when, whether it is as it was made, and who signed it off."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from connector.services.context import Services
from connector.services.periodic import making
from connector.store import ledger, periodic, schedules
from connector.store.periodic import Contents, Report


@dataclass(frozen=True, slots=True)
class ReportsPage:
    """Reports of the kinds that somebody may see, the newest first. ``due`` is when the next of a kind are made."""

    reports: Sequence[Report]
    due: Mapping[str, datetime | None]


@dataclass(frozen=True, slots=True)
class ReportPage:
    """A report with its contents; ``intact``: they are those whose hash the ledger has."""

    report: Report
    contents: Contents
    intact: bool


def reports_page(services: Services, tenant_id: UUID, kinds: Collection[str]) -> ReportsPage:
    """Read what the page shows."""
    with services.store.reading(tenant_id) as session:
        found = [report for report in periodic.of_tenant(session, tenant_id) if report.kind in kinds]
        entries = {entry.kind: entry.due_at for entry in schedules.of_tenant(session, tenant_id)}
    due = {name: entries.get(making.KINDS[name].months.name.lower()) for name in making.KINDS if name in kinds}
    return ReportsPage(found, due)


def report_page(services: Services, tenant_id: UUID, report_id: UUID) -> ReportPage | None:
    """Read one report; None where the tenant has no such one."""
    with services.store.reading(tenant_id) as session:
        report = periodic.find(session, tenant_id, report_id)
        if report is None:
            return None
        contents = periodic.contents(session, report)
        made = ledger.entries_of(session, tenant_id, "admin", [report.ledger_seq])
    sealed = [entry.body.get("sha256") for entry in made if entry.intact and entry.body is not None]
    return ReportPage(report, contents, sealed == [making.digest(contents)])
