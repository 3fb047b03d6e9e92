"""What the model would make of a lead with other values, or had it done more. Computed in a process of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from connector.errors import RejectedInput
from connector.services import snapshot
from connector.services.api.references import Reference, one
from connector.services.champions import serving
from connector.services.context import Services
from connector.store import leads, models, tenants
from connector.store.frames import Cut
from scoring.schema import History, Neighbours


@dataclass(frozen=True, slots=True)
class Act:
    """An event that the lead might have made."""

    kind: str
    detail: str | None
    days_ago: float


@dataclass(frozen=True, slots=True)
class Side:
    """A score as it is, or as it would be."""

    score: float
    probability: float
    tier: str


@dataclass(frozen=True, slots=True)
class Supposed:
    """Both scores, what lies between them in words, and what to doubt."""

    model: str
    before: Side
    after: Side
    sentences: Sequence[str]
    doubts: Sequence[str]
    caveat: str


def suppose(
    services: Services, tenant_id: UUID, lead: Reference, fields: Mapping[str, str | None], acts: Sequence[Act]
) -> tuple[int, Supposed] | None:
    """Score a lead as it is and as it would be; None where there is no such lead.

    Raises ``RejectedInput`` where there is no model, the lead is not scored, or the change can't be made.
    """
    with services.store.reading(tenant_id) as session:
        lead_id = one(session, tenant_id, lead)
        if lead_id is None:
            return None
        ways = serving.serving(session, tenant_id)
        way = ways.way_of(lead_id, leads.company_of(session, tenant_id, lead_id)) if ways else None
        artefact = models.artefact(session, tenant_id, way.sha256) if way else None
        settings = tenants.get(session, tenant_id).settings
    if way is None or artefact is None:
        raise RejectedInput("There is no model yet. It is trained as soon as the first account has been read.")
    as_of = snapshot.as_of_now(settings, services.clock.now())
    # Which of its neighbours' past the model reads only the model knows: all of it gives the same score.
    history = snapshot.history(services, tenant_id, settings, Cut((lead_id,)), Neighbours("lead", None))
    made = services.isolated(
        compute, artefact, str(tenant_id), history, (lead_id, as_of, dict(fields), list(acts)), way.line
    )
    if isinstance(made, str):
        raise RejectedInput(made)
    return lead_id, made


def compute(
    artefact: bytes,
    tenant: str,
    history: History,
    asked: tuple[int, datetime, dict[str, Any], list[Act]],
    line: int | None = None,
) -> Supposed | str:
    """Compute in a process of its own: the web process never loads a model. Returns what is wrong as a sentence."""
    from scoring import whatif
    from scoring.bundle import loads
    from scoring.errors import HistoryError

    lead_id, as_of, fields, acts = asked
    bundle = loads(artefact, tenant=tenant).at_line(line)
    events = [whatif.Act(act.kind, act.detail, act.days_ago) for act in acts]
    try:
        found = whatif.what_if(bundle, history, lead_id, as_of=as_of, fields=fields, events=events)
    except HistoryError as error:
        return str(error)
    before, after = (
        Side(int(frame["score_tenths"][0]) / 10, float(frame["probability"][0]), str(frame["tier"][0]))
        for frame in (found.before, found.after)
    )
    doubts = (*found.unused, *found.outside)
    return Supposed(bundle.version, before, after, found.changed.sentences(), doubts, found.caveat)
