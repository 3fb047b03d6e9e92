"""Score a few leads as of now, to the same bits as in a pass over everybody, and keep what came of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.engine import Connection

from connector.services import again, scored, snapshot
from connector.services.again import Asked
from connector.services.champions.serving import Way
from connector.services.hurrying import ask_deliveries
from connector.services.scored import Kept, Scoring
from connector.services.turn import Turn
from connector.services.warm import Warm
from connector.store import inputs, outbox, records, scores, tenants, traces
from connector.store.frames import Cut
from connector.store.inbox import Person
from connector.store.traces import Ended

WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True)
class Rescored:
    """Scored rows with their packed inputs, by ``model`` as of an instant; ``line`` as ``Way`` says."""

    model: str
    as_of: datetime
    rows: Sequence[dict[str, Any]]
    frame: bytes
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Stretch:
    """When a turn was claimed, had read, and had scored."""

    claimed_at: datetime
    fetched_at: datetime
    scored_at: datetime


def score(warm: Warm, tenant_id: UUID, way: Way, leads: Sequence[int]) -> Rescored:
    """Score these leads, those that are in the population, as of now."""
    # Imported here for the same reason as in training: whoever does not score needs no model library.
    from scoring.features.neighbours import neighbours
    from scoring.predict import score_recorded
    from scoring.unthreaded import unthreaded

    services = warm.services
    with services.store.reading(tenant_id) as session:
        settings = tenants.get(session, tenant_id).settings
        tiers = scores.tiers(session, tenant_id, leads)
    as_of = snapshot.as_of_now(settings, services.clock.now())
    if not leads:
        return Rescored(way.version, as_of, (), b"", way.line)
    bundle = warm.bundle(tenant_id, way.sha256).at_line(way.line)
    beside = neighbours(bundle.spec, bundle.goal.timing, as_of)

    def rescored() -> Rescored:
        history = snapshot.history(services, tenant_id, settings, Cut(tuple(leads)), beside)
        made = score_recorded(bundle, history, as_of=as_of, former=tiers, lead_ids=leads)
        return Rescored(way.version, as_of, made.scores.to_dicts(), inputs.pack(made.inputs), way.line)

    return unthreaded(rescored)


def keep(
    session: Connection, turn: Turn, found: Sequence[Rescored], people: Sequence[Person], stretch: Stretch
) -> dict[UUID, UUID]:
    """Store scores, entries, inputs, values to be written and traces.

    Returns connection → the delivery that somebody is to see to. Who fell to another arm meanwhile is hinted at anew,
    for the connection's next turn.
    """
    now = turn.services.clock.now()
    trigger, turn_id, by = _trigger(turn, people), uuid4(), _asked(session, turn, people)
    kept = Kept()
    for part in found:
        like = Scoring(turn.tenant_id, turn_id, part.model, part.as_of, WEBHOOK, trigger, outbox.REALTIME)
        scoring = replace(like, line=part.line, asked=by)
        kept = kept.plus(scored.keep(session, scoring, part.rows, part.frame, now))
    if kept.strays:
        again.score_anew(turn.services, session, turn.tenant_id, kept.strays, by)
    traces.add(session, _traces(session, turn, kept, people, stretch))
    queued = (connection for _, record, connection in kept.records if record in kept.queued)
    return ask_deliveries(session, turn.tenant_id, queued, now)


def _asked(session: Connection, turn: Turn, people: Sequence[Person]) -> Asked:
    """Return who asked for which lead to be scored anew; of most nobody did."""
    by = {person.vendor_id: person.asked_by for person in people if person.asked_by}
    if not by:
        return again.NOBODY
    found = defaultdict[int, set[str]](set)
    for vendor_id, lead in records.leads_by_vendor_id(session, turn.connection_id, by).items():
        found[lead] |= by[vendor_id]
    return {lead: "; ".join(sorted(names)) for lead, names in found.items()}


def _trigger(turn: Turn, people: Sequence[Person]) -> Mapping[str, Any]:
    kinds = sorted({kind for person in people for kind in person.kinds})
    received = min(person.received_at for person in people)
    return {"connection": str(turn.connection_id), "hints": kinds, "received": received.isoformat()}


def _traces(
    session: Connection, turn: Turn, kept: Kept, people: Sequence[Person], stretch: Stretch
) -> list[dict[str, Any]]:
    """A trace a record; a lead's times are those of the first hint about any of its records."""
    known = records.ids_by_vendor_id(session, turn.connection_id, [person.vendor_id for person in people])
    lead_of = {record: lead for lead, record, _ in kept.records}
    first: dict[int, Person] = {}
    for person in people:
        lead = lead_of.get(known.get(person.vendor_id, 0))
        if lead is not None and (lead not in first or person.received_at < first[lead].received_at):
            first[lead] = person
    # A vendor may name a record otherwise than it is read: by an address, by the id of one that was merged.
    oldest = min(people, key=lambda person: person.received_at)
    now = turn.services.clock.now()
    return [
        {
            "tenant_id": turn.tenant_id,
            "connection_id": connection,
            "lead_id": lead,
            "record_id": record,
            "ended": None if record in kept.queued else Ended.UNCHANGED,
            "happened_at": min(first.get(lead, oldest).happened_at, first.get(lead, oldest).received_at),
            "received_at": first.get(lead, oldest).received_at,
            "claimed_at": stretch.claimed_at,
            "fetched_at": stretch.fetched_at,
            "scored_at": stretch.scored_at,
            "queued_at": now,
        }
        for lead, record, connection in kept.records
    ]
