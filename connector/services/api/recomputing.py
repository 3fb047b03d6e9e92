"""Have leads scored anew by the real-time lane: asked for here, done by a worker, looked at until it is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy.engine import Connection

from connector.errors import RejectedInput
from connector.services import again
from connector.services.api import scores as stored
from connector.services.api.keys import Caller
from connector.services.api.references import Reference, resolve
from connector.services.api.scores import Absent, Current
from connector.services.context import Services
from connector.services.pipeline import Ready
from connector.store import models, recomputations, scores
from connector.store.recomputations import Wanted

MOST = 100
"""Leads that may be asked for at once."""
NOT_TAKEN = "It was not scored anew: it is not among the open leads, or no connected account holds a record of it."


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for. ``absent``: whom nobody knows."""

    id: UUID
    leads: Sequence[int]
    absent: Sequence[Absent]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is: ``waiting`` leads are not taken up yet; of the others ``found`` tells the scores."""

    id: UUID
    asked_at: datetime
    waiting: Sequence[int]
    found: Current

    @property
    def done(self) -> bool:
        """Whether nobody is waited for any more."""
        return not self.waiting


def ask(services: Services, caller: Caller, wanted: Sequence[Reference]) -> Asked:
    """Ask for leads to be scored anew in the name of a key; raises ``RejectedInput`` where there is no model yet."""
    made = uuid4()
    with services.store.transaction(caller.tenant_id) as session:
        by = f"API key {caller.prefix}, recomputation {made}"
        asked, ready = enter(services, session, caller.tenant_id, wanted, by, made)
    services.wake_all(ready)
    return asked


def enter(
    services: Services, session: Connection, tenant_id: UUID, wanted: Sequence[Reference], by: str, made: UUID
) -> tuple[Asked, Ready]:
    """Ask for leads in the caller's transaction, as ``made``; return that with what to announce after its commit.

    ``by``: whom the ledger is to name with the scores. Raises ``RejectedInput`` where there is no model yet.
    """
    if models.champion_name(session, tenant_id) is None:
        raise RejectedInput("There is no model yet. It is trained as soon as the first account has been read.")
    found = resolve(session, tenant_id, wanted)
    ready = again.score_anew(services, session, tenant_id, found.ids, dict.fromkeys(found.ids, by))
    run = scores.scored_by(session, tenant_id, found.ids)
    former = {lead: run.get(lead) for lead in found.ids}
    # The time is taken after the hints were made, so that none of them is later.
    recomputations.add(session, tenant_id, Wanted(made, services.clock.now(), former))
    return Asked(made, found.ids, [Absent(item, reason) for item, reason in found.refused.items()]), ready


def look(services: Services, tenant_id: UUID, recomputation_id: UUID) -> Progress | None:
    """Return how far it is; None where the tenant asked for no such thing within the last day."""
    with services.store.reading(tenant_id) as session:
        wanted = recomputations.find(session, tenant_id, recomputation_id)
        if wanted is None:
            return None
        waiting = recomputations.waiting(session, tenant_id, wanted.former, wanted.asked_at)
        rest = [lead for lead in wanted.former if lead not in waiting]
        # Not by the time of the score: that is another machine's clock.
        by = scores.scored_by(session, tenant_id, rest)
    fresh = {lead for lead in rest if by.get(lead) != wanted.former[lead]}
    told = stored.current(services, tenant_id, [lead for lead in rest if lead in fresh])
    left = [Absent(lead, NOT_TAKEN) for lead in rest if lead not in fresh]
    return Progress(wanted.id, wanted.asked_at, sorted(waiting), Current(told.scores, [*told.absent, *left]))
