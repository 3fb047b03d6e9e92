"""Addresses that a tenant's own systems are told at, and who is just sending there.

One worker at a time sends to an address, under a claim and a lease; whoever lost the claim records nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.tables import webhook_endpoints as endpoints


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address. ``secret`` is sealed, as is the former one, which signs as well ``former_until`` then.

    ``trouble``: what was last wrong there, or why it is paused (None: nothing). ``failures`` in a row were the
    receiver's own; ``failing_since`` is since when nothing was taken there.
    """

    id: UUID
    tenant_id: UUID
    url: str
    secret: str = field(repr=False)
    created_at: datetime
    secret_made_at: datetime
    paused_at: datetime | None = None
    trouble: str | None = None
    failures: int = 0
    failing_since: datetime | None = None
    delivered_at: datetime | None = None
    former_secret: str | None = field(default=None, repr=False)
    former_until: datetime | None = None


_NAMES = tuple(Endpoint.__dataclass_fields__)


def add(connection: Connection, endpoint: Endpoint) -> None:
    """Add an address."""
    connection.execute(sa.insert(endpoints), {name: getattr(endpoint, name) for name in _NAMES})


def of_tenant(connection: Connection, tenant_id: UUID) -> Sequence[Endpoint]:
    """Return a tenant's addresses, oldest first."""
    c = endpoints.c
    query = sa.select(endpoints).where(c.tenant_id == tenant_id).order_by(c.created_at, c.id)
    return [_read(row) for row in connection.execute(query)]


def find(connection: Connection, tenant_id: UUID, endpoint_id: UUID) -> Endpoint | None:
    """Return an address of the tenant, held until the transaction ends."""
    query = sa.select(endpoints).where(*_same(tenant_id, endpoint_id)).with_for_update()
    row = connection.execute(query).one_or_none()
    return _read(row) if row else None


def save_secret(connection: Connection, endpoint: Endpoint, sealed: str, now: datetime, former_until: datetime) -> None:
    """Let another secret take the place of the one that is there, which signs as well until a time."""
    former = {"former_secret": endpoint.secret, "former_until": former_until}
    _update(connection, endpoint, {"secret": sealed, "secret_made_at": now, **former})


def end_former(connection: Connection, endpoint: Endpoint) -> None:
    """Forget the former secret."""
    _update(connection, endpoint, {"former_secret": None, "former_until": None})


def pause(connection: Connection, endpoint: Endpoint, now: datetime, trouble: str | None) -> None:
    """Send nothing more there until it is resumed; ``trouble`` is the sentence for the admin, if we paused it."""
    _update(connection, endpoint, {"paused_at": now, "trouble": trouble, "due_at": None})


def resume(connection: Connection, endpoint: Endpoint, now: datetime) -> None:
    """Send there again, beginning now."""
    fresh = {"paused_at": None, "trouble": None, "failures": 0, "failing_since": None, "due_at": now}
    _update(connection, endpoint, fresh)


def remove(connection: Connection, endpoint: Endpoint) -> None:
    """Delete an address with all that waits for it."""
    connection.execute(sa.delete(endpoints).where(*_same(endpoint.tenant_id, endpoint.id)))


def wake(connection: Connection, tenant_id: UUID, endpoint_ids: Sequence[UUID], now: datetime) -> None:
    """Note that something waits for addresses; one that is paused, or left alone after failures, stays so.

    Rows are touched either way: a worker that is just leaving one sees what came (:func:`leave`).
    """
    c = endpoints.c
    idle = sa.and_(c.paused_at.is_(None), sa.or_(c.due_at.is_(None), sa.and_(c.failures == 0, c.due_at > now)))
    where = sa.and_(c.tenant_id == tenant_id, c.id.in_(endpoint_ids))
    due_at = sa.case((idle, sa.literal(now, c.due_at.type)), else_=c.due_at)
    connection.execute(sa.update(endpoints).where(where).values(due_at=due_at))


def due(connection: Connection, now: datetime, limit: int) -> Sequence[UUID]:
    """Return addresses for which something is to be sent, the longest waiting first."""
    query = sa.select(endpoints.c.id).where(_claimable(now)).order_by(endpoints.c.due_at).limit(limit)
    return list(connection.execute(query).scalars())


def claim(connection: Connection, endpoint_id: UUID, token: UUID, now: datetime, until: datetime) -> Endpoint | None:
    """Take an address that is due; None where it is not, or another worker was first."""
    taken = sa.update(endpoints).where(endpoints.c.id == endpoint_id, _claimable(now))
    if connection.execute(taken.values(claim=token, leased_until=until)).rowcount != 1:
        return None
    return _read(connection.execute(sa.select(endpoints).where(endpoints.c.id == endpoint_id)).one())


def held(connection: Connection, endpoint: Endpoint, token: UUID) -> Endpoint | None:
    """Return the address as it is now if the claim still holds it, until the transaction ends: it is the fence."""
    query = sa.select(endpoints).where(*_same(endpoint.tenant_id, endpoint.id), endpoints.c.claim == token)
    row = connection.execute(query.with_for_update()).one_or_none()
    return _read(row) if row else None


def taken(connection: Connection, endpoint: Endpoint, now: datetime, until: datetime) -> None:
    """Note that the receiver took a message, and hold the address longer."""
    well = {"delivered_at": now, "trouble": None, "failures": 0, "failing_since": None, "leased_until": until}
    _update(connection, endpoint, well)


def refused(connection: Connection, endpoint: Endpoint, now: datetime, until: datetime, trouble: str) -> None:
    """Note that the receiver did not take a message, and hold the address longer."""
    since = endpoint.failing_since or now
    _update(connection, endpoint, {"trouble": trouble, "failing_since": since, "leased_until": until})


def leave(connection: Connection, endpoint: Endpoint, due_at: datetime | None, failures: int) -> None:
    """Give a held address back, to be gone on with at ``due_at`` (None: once something waits)."""
    _update(connection, endpoint, {"claim": None, "leased_until": None, "due_at": due_at, "failures": failures})


def _claimable(now: datetime) -> sa.ColumnElement[bool]:
    c = endpoints.c
    free = sa.or_(c.leased_until.is_(None), c.leased_until <= now)
    return sa.and_(c.due_at.is_not(None), c.due_at <= now, c.paused_at.is_(None), free)


def _same(tenant_id: UUID, endpoint_id: UUID) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return endpoints.c.tenant_id == tenant_id, endpoints.c.id == endpoint_id


def _update(connection: Connection, endpoint: Endpoint, values: dict[str, Any]) -> None:
    connection.execute(sa.update(endpoints).where(*_same(endpoint.tenant_id, endpoint.id)).values(values))


def _read(row: Any) -> Endpoint:
    return Endpoint(**{name: getattr(row, name) for name in _NAMES})
