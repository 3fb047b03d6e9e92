"""Leads for callers: searched, and one with its records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.errors import RejectedInput
from connector.services.addresses import mailbox_of
from connector.services.api.references import Reference, one
from connector.services.api.scores import StoredScore, stored
from connector.services.context import Services
from connector.services.reports.people import Person, people_of
from connector.services.tracking.pseudonyms import person_key_of
from connector.store import lead_search, references
from connector.store.lead_search import Place, Wanted
from connector.store.types import AnyRow


@dataclass(frozen=True, slots=True)
class RecordName:
    """A record of a lead, as ``vendor:account:id`` names it."""

    vendor: str
    account: str
    id: str


@dataclass(frozen=True, slots=True)
class Lead:
    """A lead as its records tell; ``score`` is None where it has none."""

    lead: int
    person: Person
    company_key: str | None
    created_at: datetime
    records: Sequence[RecordName]
    score: StoredScore | None


@dataclass(frozen=True, slots=True)
class Criteria:
    """What a caller searches by; every part that is given must hold."""

    email: str | None = None
    company: str | None = None
    tier: str | None = None
    min_score: Decimal | None = None
    max_score: Decimal | None = None
    scored_since: datetime | None = None


def search(
    services: Services, tenant_id: UUID, criteria: Criteria, after: Place | None, limit: int
) -> tuple[Sequence[Lead], Place | None]:
    """Return leads by score, the highest first, and where the next page begins.

    Raises ``RejectedInput`` for an e-mail address that is none.
    """
    wanted = _wanted(criteria)
    with services.store.reading(tenant_id) as session:
        found = lead_search.page(session, tenant_id, wanted, after, limit + 1)
        shown = found[:limit]
        told = _told(session, tenant_id, shown)
    last = shown[-1] if len(found) > limit else None
    place = None if last is None else (Decimal(-1) if last.score is None else Decimal(last.score), last.id)
    return told, place


def get(services: Services, tenant_id: UUID, lead: Reference) -> Lead | None:
    """Return one lead; None where the tenant has none that is meant."""
    with services.store.reading(tenant_id) as session:
        lead_id = one(session, tenant_id, lead)
        row = None if lead_id is None else lead_search.one(session, tenant_id, lead_id)
        return _told(session, tenant_id, [row])[0] if row is not None else None


def _wanted(criteria: Criteria) -> Wanted:
    key = None
    if criteria.email is not None:
        mailbox = mailbox_of(criteria.email)
        if mailbox is None:
            raise RejectedInput("email is not an e-mail address.")
        key = person_key_of(mailbox)
    return Wanted(criteria.tier, criteria.min_score, criteria.max_score, criteria.scored_since, criteria.company, key)


def _told(session: Connection, tenant_id: UUID, rows: Sequence[AnyRow]) -> list[Lead]:
    ids = [row.id for row in rows]
    if not ids:
        return []
    people = people_of(session, tenant_id, ids)
    names: dict[int, list[RecordName]] = {}
    for row in references.of_leads(session, tenant_id, ids):
        names.setdefault(row.lead_id, []).append(RecordName(row.vendor, row.account_id, row.vendor_id))
    return [_lead(row, people[row.id], names.get(row.id, ())) for row in rows]


def _lead(row: AnyRow, person: Person, names: Sequence[RecordName]) -> Lead:
    score = None if row.score is None else stored(row.id, row.id, row)
    return Lead(row.id, person, row.company_key, row.created_at, names, score)
