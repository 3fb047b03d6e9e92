"""The leads page: who to call first, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.records import Tier
from connector.services.context import Services
from connector.services.reports.people import Naming, Person
from connector.store import leads, scores
from connector.store.types import AnyRow

PAGE_SIZE = 50
_REASONS = 2

Place = tuple[Decimal, int]
"""(score, lead id) of the last row of a page: where the next page begins."""


@dataclass(frozen=True, slots=True)
class LeadRow:
    """One scored lead. ``probability`` is the calibrated chance; ``reasons`` the strongest that speak for it."""

    lead_id: int
    person: Person
    score: Decimal
    probability: float
    tier: Tier
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LeadPage:
    """One page of the table. ``following`` is None on the last page; ``counts`` is tier → leads."""

    rows: tuple[LeadRow, ...]
    counts: Mapping[Tier, int]
    following: Place | None

    @property
    def total(self) -> int:
        """How many leads have a score."""
        return sum(self.counts.values())


def lead_page(services: Services, tenant_id: UUID, *, tier: Tier | None, after: Place | None) -> LeadPage:
    """Return up to 50 scored leads, highest score first, from behind ``after``."""
    with services.store.reading(tenant_id) as session:
        # One more than is shown tells whether another page follows.
        found = leads.page(session, tenant_id, tier=tier, after=after, limit=PAGE_SIZE + 1)
        shown = found[:PAGE_SIZE]
        rows = lead_rows(session, tenant_id, shown)
        counts = scores.summary(session, tenant_id)
    last = shown[-1] if len(found) > PAGE_SIZE else None
    return LeadPage(
        rows=rows,
        counts={band: counts.get(band, 0) for band in Tier},
        following=(last.score, last.lead_id) if last else None,
    )


def lead_rows(session: Connection, tenant_id: UUID, found: Sequence[AnyRow]) -> tuple[LeadRow, ...]:
    """Return scored leads (lead_id, score, probability, tier, reasons) with who they are."""
    people = _people(session, tenant_id, found)
    return tuple(_row(row, people[row.lead_id]) for row in found)


def _people(session: Connection, tenant_id: UUID, rows: Sequence[AnyRow]) -> dict[int, Person]:
    naming = Naming.of_tenant(session, tenant_id)
    ids = [row.lead_id for row in rows]
    owned = groupby(leads.records_of(session, tenant_id, ids), key=lambda record: record.lead_id)
    named = {lead_id: naming.person(lead_id, records) for lead_id, records in owned}
    return {lead_id: named.get(lead_id) or naming.person(lead_id, ()) for lead_id in ids}


def _row(row: AnyRow, person: Person) -> LeadRow:
    raising = [reason["sentence"] for reason in row.reasons if reason["contribution"] > 0]
    return LeadRow(
        lead_id=row.lead_id,
        person=person,
        score=Decimal(row.score),
        probability=float(row.probability),
        tier=Tier(row.tier),
        reasons=tuple(raising[:_REASONS]),
    )
