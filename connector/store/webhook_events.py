"""What waits to be told to tenants' own systems, message by message; what was taken there is deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.tables import webhook_events as events


@dataclass(frozen=True, slots=True)
class Event:
    """One message to one address; ``lead_id`` None: it is of nobody. ``due_at`` None: it was given up."""

    id: UUID
    tenant_id: UUID
    endpoint_id: UUID
    lead_id: int | None
    kind: str
    data: Mapping[str, Any]
    created_at: datetime
    due_at: datetime | None
    give_up_at: datetime
    attempts: int = 0
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Renewed:
    """Which messages begin anew (``given_up``, or else those that wait), when, and until when they are tried."""

    given_up: bool
    due_at: datetime
    give_up_at: datetime


_NAMES = tuple(Event.__dataclass_fields__)


def add(connection: Connection, fresh: Sequence[Event]) -> None:
    """Add messages."""
    connection.execute(sa.insert(events), [{name: getattr(event, name) for name in _NAMES} for event in fresh])


def next_due(connection: Connection, tenant_id: UUID, endpoint_id: UUID, now: datetime) -> Event | None:
    """Return the message that is to be sent to an address now, the longest waiting."""
    c = events.c
    query = sa.select(events).where(*_of(tenant_id, endpoint_id), c.due_at <= now).order_by(c.due_at, c.id).limit(1)
    row = connection.execute(query).one_or_none()
    return _read(row) if row else None


def first_due_at(connection: Connection, tenant_id: UUID, endpoint_id: UUID) -> datetime | None:
    """Return when the next message to an address is due; None where none waits."""
    query = sa.select(events.c.due_at).where(*_of(tenant_id, endpoint_id), events.c.due_at.is_not(None))
    found: datetime | None = connection.execute(query.order_by(events.c.due_at).limit(1)).scalar_one_or_none()
    return found


def waiting(connection: Connection, tenant_id: UUID) -> Mapping[UUID, int]:
    """Return address → how many messages wait for it."""
    c = events.c
    query = sa.select(c.endpoint_id, sa.func.count().label("number")).where(
        c.tenant_id == tenant_id, c.due_at.is_not(None)
    )
    return {row.endpoint_id: row.number for row in connection.execute(query.group_by(c.endpoint_id))}


def given_up(connection: Connection, tenant_id: UUID, limit: int) -> Sequence[Event]:
    """Return messages that were given up, the newest first."""
    c = events.c
    query = sa.select(events).where(c.tenant_id == tenant_id, c.due_at.is_(None))
    return [_read(row) for row in connection.execute(query.order_by(c.created_at.desc(), c.id).limit(limit))]


def failed(connection: Connection, event: Event, due_at: datetime | None, message: str) -> None:
    """Note a try in vain; the next is at ``due_at`` (None: it is given up)."""
    values = {"due_at": due_at, "message": message, "attempts": events.c.attempts + 1}
    connection.execute(sa.update(events).where(*_same(event)).values(values))


def again(connection: Connection, tenant_id: UUID, endpoint_id: UUID, renewed: Renewed) -> int:
    """Have messages to an address sent from now on: those that were given up, or those that wait; return how many."""
    dead = events.c.due_at.is_(None)
    where = sa.and_(*_of(tenant_id, endpoint_id), dead if renewed.given_up else ~dead)
    values = {"due_at": renewed.due_at, "give_up_at": renewed.give_up_at, "attempts": 0}
    return connection.execute(sa.update(events).where(where).values(values)).rowcount


def remove(connection: Connection, event: Event) -> None:
    """Delete a message that was taken."""
    connection.execute(sa.delete(events).where(*_same(event)))


def forget(connection: Connection, tenant_id: UUID, lead_ids: Sequence[int]) -> int:
    """Delete all messages about leads; return how many."""
    mine = sa.and_(events.c.tenant_id == tenant_id, events.c.lead_id.in_(lead_ids))
    return connection.execute(sa.delete(events).where(mine)).rowcount


def _of(tenant_id: UUID, endpoint_id: UUID) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return events.c.tenant_id == tenant_id, events.c.endpoint_id == endpoint_id


def _same(event: Event) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return events.c.tenant_id == event.tenant_id, events.c.id == event.id


def _read(row: Any) -> Event:
    return Event(**{name: getattr(row, name) for name in _NAMES})
