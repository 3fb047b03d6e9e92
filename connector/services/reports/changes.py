"""What changed between a lead's score and the one before it, from the recorded inputs of both."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import polars as pl
from sqlalchemy.engine import Connection

from connector.services.context import Services
from connector.services.reports.people import Naming, Person
from connector.store import inputs, leads, ledger, models, successions
from connector.store.ledger import Kept

_SCORED = "scored"
FIRST = "This is the lead's first score: there is nothing to compare it with."
JOINED = (
    "This is the first score since another lead was found to be the same person: "
    "the scores before are that one's, and stand in the history."
)
GONE = "What one of the two scores was made of is no longer kept, so they can't be compared."


@dataclass(frozen=True, slots=True)
class ConceptChange:
    """A concept's contribution before and after in log-odds, and what moved, in words."""

    concept: str
    before: float
    after: float
    moved: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two scores: values and log-odds before and after, an outline in words, and the concepts that moved.

    ``model`` is the part of another model (0 if it is the same), ``rest`` that of the concepts that are not listed.
    """

    scores: tuple[float, float]
    log_odds: tuple[float, float]
    sentences: tuple[str, ...]
    concepts: tuple[ConceptChange, ...]
    model: float
    rest: float

    @property
    def chances(self) -> tuple[float, float]:
        """Probability before and after."""
        before, after = (1 / (1 + math.exp(-value)) for value in self.log_odds)
        return before, after


@dataclass(frozen=True, slots=True)
class LeadChanges:
    """The page: whose scores, when they were made, and the comparison or the reason why there is none."""

    lead_id: int
    person: Person
    at: tuple[datetime | None, datetime]
    comparison: Comparison | None
    reason: str | None


def lead_changes(services: Services, tenant_id: UUID, lead_id: int, seq: int) -> LeadChanges | None:
    """Compare the score of ledger entry ``seq`` with the lead's score before; None where the lead has no such score.

    A score of a lead that joined this one is compared with that lead's score before.
    """
    with services.store.reading(tenant_id) as session:
        records = leads.records_of(session, tenant_id, [lead_id])
        joined = [row.lead_id for row in successions.joined(session, tenant_id, lead_id)]
        of_all = ledger.latest(session, tenant_id, _SCORED, lead_id, seq, 2, joined)
        if not records or not of_all or of_all[0].seq != seq:
            return None
        whose = of_all[0].lead_id or lead_id
        entries = ledger.latest(session, tenant_id, _SCORED, whose, seq, 2)
        person = Naming.of_tenant(session, tenant_id).person(lead_id, records)
        parts = [_stored(session, tenant_id, whose, entry) for entry in reversed(entries)]
    known = [part for part in parts if part is not None]
    if len(entries) < 2:
        return LeadChanges(lead_id, person, (None, entries[0].at), None, FIRST if len(of_all) < 2 else JOINED)
    if len(known) < 2:
        return LeadChanges(lead_id, person, (entries[1].at, entries[0].at), None, GONE)
    found = services.isolated(compare, known[0], known[1], str(tenant_id))
    return LeadChanges(lead_id, person, (entries[1].at, entries[0].at), found, None)


Stored = tuple[bytes, pl.DataFrame]
"""A model's artefact and the one row of inputs."""


def _stored(session: Connection, tenant_id: UUID, lead_id: int, entry: Kept) -> Stored | None:
    batch = inputs.of_entry(session, tenant_id, entry.seq)
    model = models.get(session, tenant_id, batch.model) if batch else None
    if batch is None or model is None:
        return None
    row = inputs.unpack(batch.frame).filter(pl.col("lead_id") == lead_id)
    return (model.artefact, row) if row.height == 1 else None


def compare(before: Stored, after: Stored, tenant: str) -> Comparison:
    """Compare in a process of its own: the web process never loads a model."""
    from scoring.bundle import loads
    from scoring.changes import Recording, changed

    found = changed(*(Recording(loads(artefact, tenant=tenant), row) for artefact, row in (before, after)))
    told = found.counted()
    concepts = tuple(ConceptChange(one.concept, one.before, one.after, one.moved) for one in told)
    rest = sum(change.log_odds for change in found.changes) - sum(change.log_odds for change in told)
    return Comparison(found.scores, found.of(), found.outline(), concepts, found.model, rest)
