"""The tracking page: a tenant's sites, what arrives from them, and what was refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.records import Actor
from connector.services.context import Services
from connector.store import sites, tracked
from connector.store.sites import TrackedSite

DAYS = 7


@dataclass(frozen=True, slots=True)
class DayCount:
    """The events that arrived on a day (UTC), people's and machines'."""

    day: date
    people: int
    machines: int


@dataclass(frozen=True, slots=True)
class SiteReport:
    """One site. ``snippet`` goes into its pages; ``refused`` are (reason, how often) of the days shown."""

    site: TrackedSite
    snippet: str
    days: tuple[DayCount, ...]
    last: datetime | None
    refused: tuple[tuple[str, int], ...]


def site_reports(services: Services, tenant_id: UUID) -> tuple[SiteReport, ...]:
    """Return a tenant's sites with what the last days brought, today first."""
    with services.store.reading(tenant_id) as session:
        return tuple(_report(services, session, site) for site in sites.of_tenant(session, tenant_id))


def _report(services: Services, session: Connection, site: TrackedSite) -> SiteReport:
    today = datetime.combine(services.clock.now().date(), time(), services.clock.now().tzinfo)
    first = today - timedelta(days=DAYS - 1)
    counts = tracked.counts(session, site.id, first, DAYS)
    days = [
        DayCount(
            (first + timedelta(days=day)).date(), counts.get((day, Actor.LEAD), 0), counts.get((day, Actor.MACHINE), 0)
        )
        for day in reversed(range(DAYS))
    ]
    return SiteReport(
        site,
        snippet(services, site),
        tuple(days),
        tracked.last_received(session, site.id),
        tuple(tracked.refused_since(session, site.id, first.date().isoformat())),
    )


def snippet(services: Services, site: TrackedSite) -> str:
    """Return the line that goes into a site's pages."""
    return f'<script async src="{services.hooks.public_url}/t/{site.key}.js"></script>'
