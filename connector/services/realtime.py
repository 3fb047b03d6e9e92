"""The real-time lane: from a hint about a person to the new value in the CRM, for the people concerned alone.

Many hints about one person are one piece of work. A turn reads who is hinted at, joins and scores them as a whole
pass would, and queues what changed, the hints being done with in the same transaction; the next turn delivers.
What it can't do, and what it is not told, the ordinary refresh does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from math import ceil
from typing import TypeVar
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.adapters.contract import Capabilities
from connector.crashpoints import Point, reached
from connector.errors import Disconnected, NeedsAdmin, RetryLater
from connector.services import pipeline, rescoring, writeback
from connector.services.champions import serving
from connector.services.champions.serving import Serving, Way
from connector.services.context import REALTIME, Services
from connector.services.fetching import Fetched, fetch, take_in
from connector.services.opening import app_of, read_connection
from connector.services.pipeline import Ready
from connector.services.tokens import mark_disconnected
from connector.services.turn import Turn
from connector.services.warm import Warm
from connector.store import connections, inbox, lanes, traces
from connector.store.connections import CrmConnection
from connector.store.inbox import Person
from connector.store.lanes import Kind

MOST, HINTS = 250, 5_000
"""People, and hints, that a turn looks at: a tenant with more stands behind the others again."""

CROWD = 250
"""From so many people on another worker reads half of them: a turn's own computing is then what they wait for."""

DELIVERED_AT_ONCE = 2_000

T = TypeVar("T")

_SWEPT = 500


@dataclass(frozen=True, slots=True)
class Done:
    """What follows from a turn: ``ready`` is to be announced, ``own`` is the delivery for the same connection.

    ``pause``: the turn's own work was put back for so many seconds.
    """

    ready: Ready = field(default_factory=list)
    own: UUID | None = None
    pause: float | None = None


def claim(services: Services, piece_id: UUID) -> Turn | None:
    """Take a piece of work; None when it is not due, done, or another worker's."""
    now = services.clock.now()
    with services.store.transaction() as session:
        piece = lanes.claim(session, piece_id, now, now + timedelta(seconds=services.lease_seconds))
    if piece is None:
        return None
    reached(Point.LANE_CLAIMED)
    return Turn(services, piece)


def perform(warm: Warm, turn: Turn) -> Done:
    """Do the work of a turn and end it; return what follows."""
    with turn.heartbeat():
        return Done(_deliver(warm, turn)) if turn.piece.kind is Kind.DELIVER else _read(warm, turn)


def _read(warm: Warm, turn: Turn) -> Done:
    services, claimed_at = turn.services, turn.services.clock.now()
    with services.store.reading(turn.tenant_id) as session:
        people, share = _people(session, turn)
        ways = serving.serving(session, turn.tenant_id)
        connection = _own(session, turn)
    if ways is None:
        return Done(_leave_to_refresh(turn, "There is no model to score by yet."))
    people = _shared(turn, people) if share else people
    if not people:
        with turn.transaction() as session:
            return Done(_ended(turn, session))
    adapter = warm.adapter_of(connection)
    some = _first(people, app_of(services, connection.vendor).capabilities)
    found = fetch(adapter, turn, connection.vendor, some)
    fetched_at = services.clock.now()
    reached(Point.LANE_FETCHED)
    leads = take_in(adapter, turn, found)
    reached(Point.LANE_TAKEN_IN)
    parts = _parted(turn, ways, sorted(leads))
    scored = [rescoring.score(warm, turn.tenant_id, way, some or ()) for way, some in parts.items()]
    stretch = rescoring.Stretch(claimed_at, fetched_at, services.clock.now())
    reached(Point.LANE_SCORED)
    with turn.transaction() as session:
        if serving.serving(session, turn.tenant_id) != ways:
            # Another model was published or tried meanwhile: the same people again, by that one.
            return Done(_ended(turn, session, more=True))
        asked = rescoring.keep(session, turn, scored, found.people, stretch)
        ready = _handled(turn, session, found, len(people) == MOST or len(some) < len(people))
        reached(Point.LANE_WRITTEN)
    reached(Point.LANE_KEPT)
    own = asked.pop(turn.connection_id, None)
    pause = found.refused.after_seconds if found.refused else None
    return Done([*ready, *((REALTIME, piece) for piece in asked.values())], own, pause)


def _people(session: Connection, turn: Turn) -> tuple[Sequence[Person], bool]:
    """Return whom this turn may read, and whether they are to be shared with another worker.

    A person alone is not worth a question: read twice is read once.
    """
    if turn.piece.kind is Kind.READ_BESIDE:
        return inbox.people(session, turn.connection_id, HINTS, MOST, 1), False
    people = inbox.people(session, turn.connection_id, HINTS, MOST)
    others = len(people) > 1 and lanes.is_open(session, turn.connection_id, Kind.READ_BESIDE)
    return people, others or len(people) >= CROWD


def _shared(turn: Turn, people: Sequence[Person]) -> Sequence[Person]:
    """Leave one half of the people to another worker, and return the other.

    It is asked for again each time: a worker that is about to end has not seen who came meanwhile.
    """
    services = turn.services
    with turn.transaction() as session:
        if len(people) < CROWD and not lanes.is_open(session, turn.connection_id, Kind.READ_BESIDE):
            return people
        beside = lanes.ask(session, turn.tenant_id, turn.connection_id, Kind.READ_BESIDE, services.clock.now())
        mine = inbox.people(session, turn.connection_id, HINTS, MOST, 0)
    services.wake_all([(REALTIME, beside)] if beside else [])
    return mine


def _first(people: Sequence[Person], can: Capabilities) -> Sequence[Person]:
    """Return the longest waiting, as many as fill one request that writes to the CRM, in whole requests that read.

    Where its window has run out, more would be read before the first of them is written.
    """
    reads = ceil(can.write_batch / can.read_batch)
    return _full_batches(people[: reads * can.read_batch], can.read_batch)


def _full_batches(waiting: Sequence[T], size: int) -> Sequence[T]:
    """As many as fill whole requests to the CRM, or all where they fill none.

    The others' turn is the next, which finds more beside them: in a burst the CRM's window is what runs out first.
    """
    return waiting[: len(waiting) - len(waiting) % size] if len(waiting) > size else waiting


def _parted(turn: Turn, ways: Serving, leads: Sequence[int]) -> Mapping[Way, Sequence[int] | None]:
    if not ways.divided:
        return {Way(*ways.champion): leads}
    with turn.services.store.reading(turn.tenant_id) as session:
        return ways.parted(session, turn.tenant_id, leads)


def _own(session: Connection, turn: Turn) -> CrmConnection:
    """Return the turn's connection; raise ``NeedsAdmin`` where it is another tenant's, as only a hand can make it."""
    found = connections.find(session, turn.connection_id)
    if found is None or found.tenant_id != turn.tenant_id:
        raise NeedsAdmin(pipeline.NOT_OWN, remedy="Nothing was read or written. Tell support.")
    return found


def _handled(turn: Turn, session: Connection, found: Fetched, more: bool) -> Ready:
    """Be done with the hints of those who were read; the others' wait for as long as the CRM asks."""
    keys = [key for person in found.people for key in person.keys]
    inbox.handled(session, turn.connection_id, keys, turn.services.clock.now())
    if found.refused is None:
        return _ended(turn, session, more=more)
    _put_back(session, turn, found.refused.after_seconds, str(found.refused))
    return []


def _ended(turn: Turn, session: Connection, *, more: bool = False) -> Ready:
    again = lanes.finish(session, turn.piece, turn.services.clock.now(), more=more)
    return [(REALTIME, turn.piece.id)] if again else []


def _deliver(warm: Warm, turn: Turn) -> Ready:
    services = turn.services
    with services.store.reading(turn.tenant_id) as session:
        waiting = traces.waiting(session, turn.connection_id, DELIVERED_AT_ONCE)
        connection = _own(session, turn)
    some = _full_batches(waiting, app_of(services, connection.vendor).capabilities.write_batch)
    later: RetryLater | None = None
    if some:
        try:
            writeback.deliver_records(turn, connection.vendor, warm.adapter_of(connection), some)
            reached(Point.LANE_DELIVERED)
        except RetryLater as refused:
            later = refused
    with turn.transaction() as session:
        traces.settle(session, turn.connection_id, services.clock.now())
        if later is None:
            # What may not be written yet, or is left to somebody, is no longer waited for. But what was queued for the
            # same records while this turn wrote is the next one's, which then finds them among those that wait.
            if not lanes.asked_since(session, turn.piece):
                traces.let_go(session, turn.connection_id, some)
            more = len(waiting) == DELIVERED_AT_ONCE or len(some) < len(waiting)
            return _ended(turn, session, more=more)
    raise later


def put_back(turn: Turn, after_seconds: float, message: str) -> None:
    """Give the work back, to be tried again after a while; its hints and values wait."""
    with turn.transaction() as session:
        _put_back(session, turn, after_seconds, message)


def _put_back(session: Connection, turn: Turn, after_seconds: float, message: str) -> None:
    due = turn.services.clock.now() + timedelta(seconds=after_seconds)
    lanes.put_back(session, turn.piece, due, message)


def give_up(warm: Warm, turn: Turn, error: NeedsAdmin) -> Ready:
    """Leave to a refresh what only the admin can mend: it meets the same trouble and stops with its sentence."""
    warm.forget()
    if isinstance(error, Disconnected):
        mark_disconnected(turn.services, read_connection(turn.services, turn.connection_id), str(error))
        with turn.transaction() as session:
            lanes.rest(session, turn.piece, str(error))
        return []
    return _leave_to_refresh(turn, str(error))


def _leave_to_refresh(turn: Turn, message: str) -> Ready:
    with turn.transaction() as session:
        lanes.rest(session, turn.piece, message)
        return pipeline.start_unless_waiting(turn.services, session, turn.tenant_id)


def rest(turn: Turn, message: str) -> None:
    """Leave the work to the next refresh."""
    with turn.transaction() as session:
        lanes.rest(session, turn.piece, message)


def sweep(services: Services) -> int:
    """Announce work that no message did, and delete old traces; return how much was announced."""
    now = services.clock.now()
    with services.store.reading() as session:
        due = lanes.due(session, now, _SWEPT)
        stale = traces.any_before(session, now - services.keeping.traces)
    if stale:
        with services.store.transaction() as session:
            traces.prune(session, now - services.keeping.traces)
    services.wake_all([(REALTIME, piece_id) for piece_id in due])
    return len(due)
