"""Send what waits for tenants' own systems: one worker at a time an address, at least once, in no promised order.

A message is deleted once the receiver answered 2xx. A worker that dies between that answer and the deletion leaves the
message to the next one, which sends it again under the same id: receivers tell by it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from connector.adapters.receivers import Message, Reply
from connector.errors import ConnectorError, CorruptSecret, RejectedInput
from connector.services.context import Services
from connector.services.webhooks_out.changes import PATIENCE
from connector.services.webhooks_out.endpoints import opened_secrets
from connector.store import references, webhook_endpoints, webhook_events
from connector.store.webhook_endpoints import Endpoint
from connector.store.webhook_events import Event

log = logging.getLogger("connector.webhooks_out")

LEASE = timedelta(minutes=2)
TURN = timedelta(minutes=1)
"""After so long a worker gives an address back, so that others' messages are sent as well."""
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (30, 120, 600, 1_800, 7_200, 21_600))
"""Between tries; the last one again and again."""
_SWEPT = 100
_GONE = 410
_OF_THE_MESSAGE = frozenset((400, 413, 422))
"""A receiver that refuses one message so is asked to take the next at once; any other failure lets it rest."""


def due(services: Services) -> Sequence[UUID]:
    """Return the addresses for which messages wait for a worker."""
    with services.store.reading() as session:
        return webhook_endpoints.due(session, services.clock.now(), _SWEPT)


def carry_out(services: Services, endpoint_id: UUID) -> int:
    """Send what is due for an address, for a minute at most; return how many messages were taken."""
    now, token = services.clock.now(), uuid4()
    with services.store.transaction() as session:
        endpoint = webhook_endpoints.claim(session, endpoint_id, token, now, now + LEASE)
    if endpoint is None:
        return 0
    turn = _Turn(services, endpoint, token)
    taken = 0
    rest: timedelta | None = None
    while rest is None and services.clock.now() < now + TURN and not services.stopping():
        parcel = turn.next()
        if parcel is None:
            break
        outcome = turn.send(parcel)
        if not turn.record(parcel, outcome):
            return taken
        taken += outcome.trouble is None
        rest = outcome.pause if outcome.rests else None
    turn.leave(rest)
    return taken


@dataclass(frozen=True, slots=True)
class _Parcel:
    """A message with its address as both are now."""

    endpoint: Endpoint
    event: Event
    body: bytes


@dataclass(frozen=True, slots=True)
class _Outcome:
    """``trouble`` None: it was taken. ``rests``: the receiver is left alone, for ``pause`` at least; ``ends``: for
    good, until an admin resumes it."""

    trouble: str | None = None
    rests: bool = False
    ends: bool = False
    pause: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class _Turn:
    """One worker's turn at an address."""

    services: Services
    endpoint: Endpoint
    token: UUID

    def next(self) -> _Parcel | None:
        """Return what is to be sent now; None where nothing is, it is paused, or the claim is lost."""
        tenant_id, now = self.endpoint.tenant_id, self.services.clock.now()
        with self.services.store.reading(tenant_id) as session:
            endpoint = webhook_endpoints.held(session, self.endpoint, self.token)
            if endpoint is None or endpoint.paused_at is not None:
                return None
            event = webhook_events.next_due(session, tenant_id, endpoint.id, now)
            if event is None:
                return None
            mine = [] if event.lead_id is None else references.of_leads(session, tenant_id, [event.lead_id])
        # Named as they are now: what left a CRM meanwhile is told to nobody.
        data = dict(event.data)
        if event.lead_id is not None:
            data["records"] = [f"{row.vendor}:{row.account_id}:{row.vendor_id}" for row in mine]
        told = {"type": event.kind, "timestamp": event.created_at.isoformat(), "data": data}
        return _Parcel(endpoint, event, json.dumps(told, ensure_ascii=False).encode())

    def send(self, parcel: _Parcel) -> _Outcome:
        """Send a message; nothing is held meanwhile but the lease."""
        message = Message(f"msg_{parcel.event.id.hex}", self.services.clock.now(), parcel.body)
        try:
            secrets = opened_secrets(self.services, parcel.endpoint)
            reply = self.services.receivers.send(parcel.endpoint.url, message, secrets)
        except CorruptSecret:
            return _Outcome("The secret can't be opened. Make a new one and resume.", rests=True, ends=True)
        except RejectedInput as refused:
            return _Outcome(str(refused), rests=True)
        except ConnectorError as trouble:
            return _Outcome(str(trouble), rests=True)
        return _outcome(reply)

    def record(self, parcel: _Parcel, outcome: _Outcome) -> bool:
        """Keep what became of a message; False where another worker has the address: nothing is kept then."""
        now, event = self.services.clock.now(), parcel.event
        with self.services.store.transaction(self.endpoint.tenant_id) as session:
            endpoint = webhook_endpoints.held(session, self.endpoint, self.token)
            if endpoint is None:
                return False
            if outcome.trouble is None:
                webhook_events.remove(session, event)
                webhook_endpoints.taken(session, endpoint, now, now + LEASE)
                return True
            again = None if now >= event.give_up_at else min(now + _pause(event.attempts), event.give_up_at)
            webhook_events.failed(session, event, again, outcome.trouble)
            webhook_endpoints.refused(session, endpoint, now, now + LEASE, outcome.trouble)
            since = endpoint.failing_since or now
            if outcome.ends or now - since >= PATIENCE:
                webhook_endpoints.pause(session, endpoint, now, _paused(outcome))
                log.warning("webhook %s of tenant %s is paused: its receiver fails", endpoint.id, endpoint.tenant_id)
        return True

    def leave(self, rest: timedelta | None) -> None:
        """Give the address back, to be left alone for ``rest`` at least and the longer the more often it failed."""
        now = self.services.clock.now()
        with self.services.store.transaction(self.endpoint.tenant_id) as session:
            endpoint = webhook_endpoints.held(session, self.endpoint, self.token)
            if endpoint is None:
                return
            if rest is not None:
                due_at = now + max(_pause(endpoint.failures), rest)
                webhook_endpoints.leave(session, endpoint, due_at, endpoint.failures + 1)
            else:
                first = webhook_events.first_due_at(session, endpoint.tenant_id, endpoint.id)
                webhook_endpoints.leave(session, endpoint, first, endpoint.failures)


def _outcome(reply: Reply) -> _Outcome:
    status = reply.status
    if 200 <= status < 300:
        return _Outcome()
    if status == _GONE:
        return _Outcome("The receiver answered 410: it wants no more messages.", rests=True, ends=True)
    hint = " Redirects are not followed: enter the address that they lead to." if 300 <= status < 400 else ""
    pause = timedelta(seconds=reply.pause_seconds)
    return _Outcome(f"The receiver answered {status}.{hint}", rests=status not in _OF_THE_MESSAGE, pause=pause)


def _paused(outcome: _Outcome) -> str:
    if outcome.ends:
        return f"Paused. {outcome.trouble}"
    days = PATIENCE // timedelta(days=1)
    return f"Paused, because nothing was taken for {days} days. {outcome.trouble} Mend the receiver, then resume."


def _pause(failures: int) -> timedelta:
    return PAUSES[min(failures, len(PAUSES) - 1)]
