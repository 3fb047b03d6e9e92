"""Whom the open exclusions mean: asked again whenever what is known of a lead changes.

A domain means everybody with an address at it, read as companies' sites are (services/addresses); a company means its
leads; a person is whoever has the record that the exclusion hangs on. Who is left out has no score from then on.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.services.addresses import normalised_email, site_domain
from connector.store import erasures, exclusions, persons, records, tenants
from connector.store.erasures import Whom
from connector.store.exclusions import Exclusion, Kind
from connector.store.tenants import Excluded
from connector.store.types import AnyRow

ASKED_BY = "the exclusion list"


def refresh(session: Connection, tenant_id: UUID, people: Mapping[int, Sequence[AnyRow]], now: datetime) -> None:
    """Find out which of these leads (lead → its records, as ``persons.of_leads`` gives them) are left out.

    To be called while the tenant's ledger is held, so that nobody scores them meanwhile.
    """
    held = exclusions.of_tenant(session, tenant_id)
    if not held or not people:
        return
    companies = exclusions.companies_of(session, tenant_id, people)
    found = {lead: _meant(held, rows, companies.get(lead)) for lead, rows in people.items()}
    exclusions.mean(session, tenant_id, people, found)
    _silence(session, tenant_id, [lead for lead, mine in found.items() if mine], now)


def refresh_leads(session: Connection, tenant_id: UUID, lead_ids: Collection[int], now: datetime) -> None:
    """Find it out of leads by their ids."""
    people: dict[int, list[AnyRow]] = {}
    for row in persons.of_leads(session, tenant_id, sorted(lead_ids)):
        people.setdefault(row.lead_id, []).append(row)
    refresh(session, tenant_id, people, now)


def _meant(held: Sequence[Exclusion], rows: Sequence[AnyRow], company: str | None) -> list[UUID]:
    ids = {row.id for row in rows}
    domains = {domain for row in rows if (domain := domain_of(row.email))}
    site = site_domain(company) if company else None
    return [
        item.id
        for item in held
        if (item.kind is Kind.LEAD and item.record_id in ids)
        or (item.kind is Kind.DOMAIN and item.value in domains)
        or (item.kind is Kind.COMPANY and item.value is not None and item.value in (company, site))
    ]


def domain_of(email: str | None) -> str | None:
    """Return the registrable domain of an address, as a company's site has it; None for mailbox providers' addresses.

    Addresses such as info@ tell no company, but they are at its domain.
    """
    address = normalised_email(email)
    return site_domain(address.rpartition("@")[2]) if address else None


def _silence(session: Connection, tenant_id: UUID, lead_ids: Sequence[int], now: datetime) -> None:
    """Let leads that are left out have no score; take it out of the CRMs, too, where the tenant wants that."""
    told = sorted(exclusions.still_told(session, tenant_id, lead_ids)) if lead_ids else []
    if not told:
        return
    clear = tenants.get(session, tenant_id).settings.excluded == Excluded.CLEAR
    rows = records.of_persons(session, tenant_id, lead_ids=told) if clear else ()
    written = sorted({(row.connection_id, row.vendor_id) for row in rows if row.written and row.removed_at is None})
    exclusions.silence(session, tenant_id, told)
    if written:
        erasures.add(session, tenant_id, Whom((), (), tuple(written)), ASKED_BY, now)
