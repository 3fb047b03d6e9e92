"""Which accounts are to be asked whether anything changed, and who asks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.connections import Health
from connector.store.runs import RunStatus
from connector.store.tables import connections, runs
from connector.store.types import UtcTime

NOTED_FOR = timedelta(hours=1)


def due(
    connection: Connection, vendor: str, looked_before: datetime, pushed_since: datetime, limit: int
) -> Sequence[UUID]:
    """Return accounts that nobody looked at since ``looked_before``, the longest first.

    Usable ones only, to which nothing was pushed since ``pushed_since``, whose tenant has a run behind it
    and whose newest run waits neither to begin nor for its admin.
    """
    c = connections.c
    own_runs = sa.select(runs.c.id).where(runs.c.tenant_id == c.tenant_id)
    newer = runs.alias("newer")
    later = sa.select(newer.c.id).where(newer.c.tenant_id == runs.c.tenant_id, newer.c.created_at > runs.c.created_at)
    held_up = own_runs.where(runs.c.status.in_((RunStatus.WAITING, RunStatus.STOPPED)), ~later.exists())
    silent = sa.or_(c.pushed_at.is_(None), c.pushed_at <= pushed_since)
    query = (
        sa.select(c.id)
        .where(c.vendor == vendor, c.status == Health.ACTIVE, _not_looked_at(looked_before))
        .where(own_runs.where(runs.c.status == RunStatus.DONE).exists(), ~held_up.exists(), silent)
        .order_by(sa.func.coalesce(c.looked_at, c.installed_at))
    )
    return list(connection.execute(query.limit(limit)).scalars())


def claim(connection: Connection, connection_id: UUID, looked_before: datetime, now: datetime) -> bool:
    """Take the look at a usable account; False where someone else looked since ``looked_before``."""
    usable = connections.c.status == Health.ACTIVE
    where = sa.and_(connections.c.id == connection_id, usable, _not_looked_at(looked_before))
    return connection.execute(sa.update(connections).where(where).values(looked_at=now)).rowcount == 1


def pushed(connection: Connection, connection_id: UUID, now: datetime) -> None:
    """Note that the account pushes; to the hour, so that a burst does not queue for the account's row."""
    connection.execute(_PUSHED, {"account": connection_id, "noted": now - NOTED_FOR, "now": now})


_PUSHED = (
    sa.update(connections)
    .where(
        connections.c.id == sa.bindparam("account"),
        sa.or_(connections.c.pushed_at.is_(None), connections.c.pushed_at <= sa.bindparam("noted", type_=UtcTime())),
    )
    .values(pushed_at=sa.bindparam("now", type_=UtcTime()))
)
"""Made once: asked with every webhook."""


def has_pushed(connection: Connection, connection_id: UUID) -> bool:
    """Tell whether the account ever pushed."""
    query = sa.select(connections.c.id).where(connections.c.id == connection_id, connections.c.pushed_at.is_not(None))
    return connection.execute(query).first() is not None


def postpone(connection: Connection, connection_id: UUID, looked_at: datetime) -> None:
    """Let the account pass for looked at until ``looked_at``, which may be ahead."""
    connection.execute(sa.update(connections).where(connections.c.id == connection_id).values(looked_at=looked_at))


def _not_looked_at(since: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(connections.c.looked_at.is_(None), connections.c.looked_at <= since)
