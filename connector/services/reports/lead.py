"""The page of one lead: its score, what adds up to it, and what happened."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.errors import Disconnected, SettingsError
from connector.records import Actor, EventKind, Tier
from connector.services.context import Services
from connector.services.opening import open_adapter
from connector.services.reports.course import Scored, score_course
from connector.services.reports.enrichment import Provenance, provenance
from connector.services.reports.people import Naming, Person
from connector.services.reports.said import Said, said_of
from connector.services.reports.speed import LeadSpeed, lead_speed
from connector.store import (
    companies,
    connections,
    events,
    leads,
    ledger,
    objections,
    overwrites,
    scores,
    successions,
    tracked,
)
from connector.store.connections import CrmConnection
from connector.store.types import AnyRow

_EVENTS = 40
_ENTRIES = 20
_SITE = "your own site"
_SMALLEST_OTHER = 0.005
"""Log-odds below which the rest of the inputs is rounding, not a contribution."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """One part of a score in log-odds: positive raises the chance. ``evidence``: the past cases behind it."""

    sentence: str
    log_odds: float
    evidence: str | None = None


@dataclass(frozen=True, slots=True)
class Details:
    """What the ledger holds of a score beside its reasons.

    ``low`` and ``high`` are the ends of the probability's 95 % interval; ``fit`` and ``engagement`` subtotals in
    log-odds; ``concepts`` all (name, log-odds). ``expected``: chance × amount, None where no amounts are known.
    """

    low: float | None
    high: float | None
    little_known: bool
    fit: float
    engagement: float
    concepts: tuple[tuple[str, float], ...]
    expected: Decimal | None
    currency: str | None


@dataclass(frozen=True, slots=True)
class ScoreCard:
    """A score that adds up: ``base`` plus all contributions is ``total`` = logit(probability).

    ``contributions`` are the stored reasons; ``other`` is what all remaining inputs add together. ``details`` is None
    where the ledger's entry was erased or is of an older program.
    """

    score: Decimal
    probability: float
    tier: Tier
    model: str
    scored_at: datetime
    base: float
    contributions: tuple[Contribution, ...]
    other: float
    total: float
    details: Details | None


@dataclass(frozen=True, slots=True)
class Happening:
    """One event of a lead's recent history. ``arrival``: what led to a visit of the tenant's own site.

    ``told_by`` is who tells it: a CRM, or the tenant's own site.
    """

    at: datetime
    kind: EventKind
    actor: Actor
    detail: str | None
    arrival: Mapping[str, str] = field(default_factory=dict)
    told_by: str = ""


@dataclass(frozen=True, slots=True)
class RecordLink:
    """A record of the lead in a CRM; ``url`` is None where the account is disconnected.

    ``left_alone_since``: somebody overwrote the score there, and the tenant chose to respect that.
    """

    label: str
    account: str
    vendor_id: str
    url: str | None
    connection_id: UUID
    record_id: int
    left_alone_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One remembered act. ``body`` is None once it was erased.

    ``former`` is the number of the lead that it was about, where that one joined this lead since.
    """

    seq: int
    kind: str
    at: datetime
    body: Mapping[str, Any] | None
    former: int | None = None


@dataclass(frozen=True, slots=True)
class FormerLead:
    """A lead that was found to be the same person, and when it ended."""

    lead_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class CompanyChance:
    """The score of a lead's company: its page's id, how many open leads, the chance that one of them converts."""

    id: int
    leads: int
    probability: float


@dataclass(frozen=True, slots=True)
class LeadReport:
    """Everything the page of a lead shows; ``score`` is None for a lead outside the population.

    ``speed`` is None where the real-time lane had nothing to do with it lately. ``objected_at``: since then the person
    may not be profiled.
    """

    lead_id: int
    person: Person
    score: ScoreCard | None
    events: tuple[Happening, ...]
    records: tuple[RecordLink, ...]
    entries: tuple[LedgerLine, ...]
    speed: LeadSpeed | None
    objected_at: datetime | None
    facts: tuple[Provenance, ...] = ()
    company: CompanyChance | None = None
    joined: tuple[FormerLead, ...] = ()
    said: Said = field(default_factory=Said)
    course: Sequence[Scored] = ()

    @property
    def comparable(self) -> frozenset[int]:
        """Sequence numbers of the shown scores that another one stands before."""
        own = [entry.seq for entry in self.entries if entry.kind == "scored" and entry.former is None]
        return frozenset(own[:-1])


def lead_report(services: Services, tenant_id: UUID, lead_id: int) -> LeadReport | None:
    """Return a lead's page; None where the tenant has no such lead."""
    with services.store.reading(tenant_id) as session:
        records = leads.records_of(session, tenant_id, [lead_id])
        if not records:
            return None
        person = Naming.of_tenant(session, tenant_id).person(lead_id, records)
        score = scores.of_lead(session, tenant_id, lead_id)
        accounts = _accounts(session, tenant_id)
        happened = _happenings(services, session, tenant_id, lead_id, accounts)
        joined = successions.joined(session, tenant_id, lead_id)
        entries = ledger.of_lead(session, tenant_id, lead_id, _ENTRIES, [row.lead_id for row in joined])
        course = score_course(session, tenant_id, lead_id, [row.lead_id for row in joined])
        newest = ledger.newest(session, tenant_id, "scored", lead_id, None)
        left = overwrites.left_alone_of(session, tenant_id, lead_id)
        speed = lead_speed(session, tenant_id, lead_id)
        objected_at = objections.since(session, tenant_id, lead_id)
        company = leads.company_of(session, tenant_id, lead_id)
        facts = provenance(session, tenant_id, company, services.clock.now())
        said = said_of(session, tenant_id, lead_id, [row.lead_id for row in joined], services.clock.now())
        scored_company = companies.by_key(session, tenant_id, company)
    return LeadReport(
        lead_id=lead_id,
        person=person,
        score=score_card(score, newest.body if newest else None) if score else None,
        events=happened,
        records=_links(services, accounts, records, left),
        entries=tuple(_line(lead_id, row) for row in entries),
        speed=speed,
        objected_at=objected_at,
        facts=facts,
        company=_company(scored_company) if scored_company else None,
        joined=tuple(FormerLead(row.lead_id, row.at) for row in joined),
        said=said,
        course=course,
    )


def _line(lead_id: int, row: AnyRow) -> LedgerLine:
    former = None if row.lead_id == lead_id else row.lead_id
    return LedgerLine(row.seq, row.kind, row.at, json.loads(row.body) if row.body else None, former)


def _company(row: AnyRow) -> CompanyChance:
    return CompanyChance(row.id, row.leads, float(row.probability))


def _happenings(
    services: Services, session: Connection, tenant_id: UUID, lead_id: int, accounts: Mapping[UUID, CrmConnection]
) -> tuple[Happening, ...]:
    """The newest events that the CRMs and the tenant's own sites tell, the newest first."""
    told = [
        Happening(
            row.at,
            EventKind(row.kind),
            Actor(row.actor),
            row.detail,
            told_by=_label(services, accounts[row.connection_id]),
        )
        for row in events.timeline(session, tenant_id, lead_id, _EVENTS)
    ]
    seen = [
        Happening(row.at, EventKind(row.kind), Actor(row.actor), row.detail, row.arrival, _SITE)
        for row in tracked.timeline(session, tenant_id, lead_id, _EVENTS)
    ]
    return tuple(sorted([*told, *seen], key=lambda item: item.at, reverse=True)[:_EVENTS])


def _label(services: Services, account: CrmConnection) -> str:
    app = services.apps.get(account.vendor)
    return app.capabilities.label if app else account.vendor


def score_card(row: AnyRow, body: Mapping[str, Any] | None) -> ScoreCard:
    """Return a stored score with its parts, the unnamed rest among them; ``body`` is its ledger entry's."""
    probability, base = float(row.probability), float(row.base_value)
    parts = tuple(
        Contribution(reason["sentence"], float(reason["contribution"]), reason.get("evidence"))
        for reason in row.reasons
    )
    total = _logit(probability)
    other = total - base - sum(part.log_odds for part in parts)
    return ScoreCard(
        score=Decimal(row.score),
        probability=probability,
        tier=Tier(row.tier),
        model=row.model,
        scored_at=row.scored_at,
        base=base,
        contributions=parts,
        other=other if abs(other) >= _SMALLEST_OTHER else 0.0,
        total=total,
        details=_details(body) if body and body["inputs_hash"] == row.inputs_hash else None,
    )


def _details(body: Mapping[str, Any]) -> Details | None:
    if "contributions" not in body:
        return None
    concepts = tuple((part["concept"], float(part["contribution"])) for part in body["contributions"])
    little, fit, engagement = bool(body["little_known"]), float(body["fit"]), float(body["engagement"])
    hundredths = body.get("expected")
    expected = None if hundredths is None else Decimal(hundredths) / 100
    return Details(body["low"], body["high"], little, fit, engagement, concepts, expected, body.get("currency"))


def _logit(probability: float) -> float:
    """ln(p / (1 − p)); stored probabilities have eight digits, so 0 and 1 stand for the last of them."""
    inside = min(max(probability, 5e-9), 1 - 5e-9)
    return math.log(inside / (1 - inside))


def _accounts(session: Connection, tenant_id: UUID) -> dict[UUID, CrmConnection]:
    return {account.id: account for account in connections.of_tenant(session, tenant_id)}


def _links(
    services: Services,
    accounts: Mapping[UUID, CrmConnection],
    records: Sequence[AnyRow],
    left: Mapping[int, datetime | None],
) -> tuple[RecordLink, ...]:
    return tuple(_link(services, accounts[row.connection_id], row, left.get(row.id)) for row in records)


def _link(services: Services, account: CrmConnection, row: AnyRow, left_alone_since: datetime | None) -> RecordLink:
    label = _label(services, account)
    try:
        url = open_adapter(services, account.id).record_url(row.vendor_id)
    except (Disconnected, SettingsError):
        # The connection's own page says so; here only the link is missing.
        url = None
    return RecordLink(label, account.account_name, row.vendor_id, url, account.id, row.id, left_alone_since)
