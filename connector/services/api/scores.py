"""Stored scores for callers: current ones, their history, what adds up to them, and what changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.services.api.references import Reference, one, resolve
from connector.services.context import Services
from connector.services.feedback.reasons import BY_HAND
from connector.services.reports.changes import LeadChanges, lead_changes
from connector.services.reports.lead import ScoreCard, score_card
from connector.store import ledger, scores, successions
from connector.store.types import AnyRow

MOST = 500
"""Leads that may be asked for at once."""
_SCORED = "scored"
UNSCORED = "The lead has no score: it is not among the open leads, or no model has scored it yet."


Note = Callable[[Connection, Sequence[int]], None]
"""Remembers in a transaction that leads were told about; what it raises keeps them from being told."""


@dataclass(frozen=True, slots=True)
class SetByHand:
    """What CRMs are told instead of the model's score, as a person said."""

    score: float
    tier: str
    reason: str


@dataclass(frozen=True, slots=True)
class StoredScore:
    """A lead's current score, as the model says. ``asked`` is how the caller named the lead."""

    asked: Reference
    lead: int
    score: float
    probability: float
    tier: str
    reasons: Sequence[str]
    model: str
    as_of: datetime
    scored_at: datetime
    set_by_hand: SetByHand | None = None


@dataclass(frozen=True, slots=True)
class Absent:
    """A lead without a score, and why."""

    asked: Reference
    reason: str


@dataclass(frozen=True, slots=True)
class Current:
    """What was found, in the order in which it was asked for."""

    scores: Sequence[StoredScore]
    absent: Sequence[Absent]

    @property
    def leads(self) -> list[int]:
        """The leads that were told about."""
        return [score.lead for score in self.scores]


def current(services: Services, tenant_id: UUID, wanted: Sequence[Reference]) -> Current:
    """Return the current scores of leads."""
    with services.store.reading(tenant_id) as session:
        return _current(session, tenant_id, wanted)


def told(services: Services, tenant_id: UUID, wanted: Sequence[Reference], note: Note) -> Current:
    """Return the current scores of leads, and note in the same transaction whose were found, if any were."""
    with services.store.transaction(tenant_id) as session:
        found = _current(session, tenant_id, wanted)
        if found.scores:
            note(session, found.leads)
    return found


def _current(session: Connection, tenant_id: UUID, wanted: Sequence[Reference]) -> Current:
    # A score says that there is such a lead: only for the others is that asked.
    rows = _rows(session, tenant_id, [item for item in wanted if isinstance(item, int)])
    found = resolve(session, tenant_id, [item for item in wanted if item not in rows])
    rows |= _rows(session, tenant_id, [lead for lead in found.ids if lead not in rows])
    scored, absent = [], []
    for item in dict.fromkeys(wanted):
        row = rows.get(found.leads.get(item, item))
        if row is None:
            absent.append(Absent(item, found.refused.get(item, UNSCORED)))
        else:
            scored.append(stored(item, row.lead_id, row))
    return Current(scored, absent)


def _rows(session: Connection, tenant_id: UUID, lead_ids: Sequence[int]) -> dict[Reference, AnyRow]:
    return {row.lead_id: row for row in scores.of_leads(session, tenant_id, lead_ids)}


def stored(asked: Reference, lead: int, row: AnyRow) -> StoredScore:
    """A lead's score from a row with the columns of ``scores``."""
    reasons = [reason["sentence"] for reason in row.reasons]
    values = (float(row.score), float(row.probability), row.tier, reasons, row.model, row.as_of, row.scored_at)
    word = row.by_hand
    by_hand = SetByHand(float(word["score"]), word["tier"], BY_HAND[word["reason"]]) if word else None
    return StoredScore(asked, lead, *values, by_hand)


@dataclass(frozen=True, slots=True)
class Past:
    """A score that a lead had; the values are None where the person's data were erased. ``entry``: in the ledger.

    ``lead`` is the number that the person had then: another one where that lead joined this one since.
    """

    entry: int
    lead: int
    at: datetime
    score: Decimal | None
    probability: float | None
    tier: str | None
    model: str | None
    as_of: datetime | None
    requester: str | None


def history(
    services: Services, tenant_id: UUID, lead: Reference, before: int | None, limit: int
) -> tuple[int, Sequence[Past]] | None:
    """Return a lead and its scores, newest first, of entries ``before`` that one; None where there is no such lead.

    Those of leads that joined it are among them.
    """
    with services.store.reading(tenant_id) as session:
        lead_id = one(session, tenant_id, lead)
        if lead_id is None:
            return None
        upto = None if before is None else before - 1
        joined = [row.lead_id for row in successions.joined(session, tenant_id, lead_id)]
        entries = ledger.latest(session, tenant_id, _SCORED, lead_id, upto, limit, joined)
    return lead_id, [_past(entry, lead_id) for entry in entries]


def _past(entry: ledger.Kept, lead_id: int) -> Past:
    body: Mapping[str, Any] | None = entry.body
    lead = entry.lead_id or lead_id
    if body is None:
        return Past(entry.seq, lead, entry.at, None, None, None, None, None, None)
    return Past(
        entry.seq,
        lead,
        entry.at,
        Decimal(body["score"]),
        float(body["probability"]),
        body["tier"],
        body["model"],
        datetime.fromisoformat(body["as_of"]),
        body["requester"],
    )


def reasons(services: Services, tenant_id: UUID, lead: Reference) -> tuple[int, ScoreCard] | None:
    """Return a lead and its score with all that adds up to it; None where it has none."""
    with services.store.reading(tenant_id) as session:
        lead_id = one(session, tenant_id, lead)
        row = None if lead_id is None else scores.of_lead(session, tenant_id, lead_id)
        if lead_id is None or row is None:
            return None
        newest = ledger.newest(session, tenant_id, _SCORED, lead_id, None)
    return lead_id, score_card(row, newest.body if newest else None)


def changes(services: Services, tenant_id: UUID, lead: Reference, entry: int | None) -> LeadChanges | None:
    """Compare a score of a lead (the newest, or that of a ledger entry) with the one before; None without one."""
    with services.store.reading(tenant_id) as session:
        lead_id = one(session, tenant_id, lead)
        if lead_id is None:
            return None
        newest = ledger.newest(session, tenant_id, _SCORED, lead_id, None) if entry is None else None
    seq = entry if entry is not None else newest.seq if newest else None
    return None if seq is None else lead_changes(services, tenant_id, lead_id, seq)
