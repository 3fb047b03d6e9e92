"""The companies by their chance, and one company with its leads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from connector.services.context import Services
from connector.services.reports.enrichment import Provenance, provenance
from connector.services.reports.lead_list import LeadRow, lead_rows
from connector.store import companies
from connector.store.types import AnyRow

PAGE_SIZE = 50

Place = tuple[Decimal, int]
"""(chance, company id) of the last row of a page: where the next page begins."""


@dataclass(frozen=True, slots=True)
class CompanyRow:
    """One scored company. ``probability``: that at least one of its ``leads`` converts."""

    id: int
    name: str
    probability: float
    leads: int
    high_intent: int
    best_lead_id: int | None
    as_of: datetime


@dataclass(frozen=True, slots=True)
class CompanyPage:
    """One page of the table. ``following`` is None on the last page."""

    rows: tuple[CompanyRow, ...]
    total: int
    following: Place | None


@dataclass(frozen=True, slots=True)
class CompanyReport:
    """One company: its score, the leads that it was made of, and what other sources tell of it."""

    company: CompanyRow
    leads: tuple[LeadRow, ...]
    facts: tuple[Provenance, ...]


def company_page(services: Services, tenant_id: UUID, *, after: Place | None) -> CompanyPage:
    """Return up to 50 scored companies, the highest chance first, from behind ``after``."""
    with services.store.reading(tenant_id) as session:
        found = companies.page(session, tenant_id, after=after, limit=PAGE_SIZE + 1)
        shown = found[:PAGE_SIZE]
        names = companies.names(session, tenant_id, [row.company_key for row in shown])
        total = companies.count(session, tenant_id)
    last = shown[-1] if len(found) > PAGE_SIZE else None
    rows = tuple(_row(row, names) for row in shown)
    return CompanyPage(rows, total, (last.probability, last.id) if last else None)


def company_report(services: Services, tenant_id: UUID, company_id: int) -> CompanyReport | None:
    """Return a company's page; None where the tenant has no such company."""
    with services.store.reading(tenant_id) as session:
        found = companies.find(session, tenant_id, company_id)
        if found is None:
            return None
        names = companies.names(session, tenant_id, [found.company_key])
        members = companies.leads_of(session, tenant_id, found.company_key, found.as_of)
        facts = provenance(session, tenant_id, found.company_key, services.clock.now())
        return CompanyReport(_row(found, names), lead_rows(services, session, tenant_id, members), facts)


def _row(row: AnyRow, names: Mapping[str, str]) -> CompanyRow:
    plain = "a company without a name" if ":" in row.company_key else row.company_key
    return CompanyRow(
        row.id,
        names.get(row.company_key) or plain,
        float(row.probability),
        row.leads,
        row.high_intent,
        row.best_lead_id,
        row.as_of,
    )
