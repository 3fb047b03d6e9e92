"""How much waits and for how long, over all tenants: what operators watch. Finished work is not counted through.

Each question is answered from an index over what is not finished, so that asking costs the same however
much was ever done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.intents import IntentStatus
from connector.store.outbox import OutboxStatus
from connector.store.tables import connections, intents, ledger_heads, outbox

_OPEN = (IntentStatus.READY, IntentStatus.LEASED, IntentStatus.PARKED)
_UNDELIVERED = (OutboxStatus.PENDING, OutboxStatus.SENDING, OutboxStatus.DEAD)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Pieces of work of a kind in a status. ``oldest`` is when the first of them came due."""

    kind: str
    status: str
    number: int
    oldest: datetime


def open_intents(session: Connection) -> Sequence[Waiting]:
    """Return the intents that are not done, by stage and status."""
    c = intents.c
    query = (
        sa.select(c.stage, c.status, sa.func.count(), sa.func.min(c.due_at))
        .where(c.status.in_(_OPEN))
        .group_by(c.stage, c.status)
        .order_by(c.stage, c.status)
    )
    return [Waiting(*row) for row in session.execute(query)]


def lapsed_leases(session: Connection, before: datetime) -> int:
    """Return how many intents are held by a lease that ran out before an instant."""
    c = intents.c
    where = sa.and_(c.status == IntentStatus.LEASED, c.leased_until < before)
    return int(session.execute(sa.select(sa.func.count()).select_from(intents).where(where)).scalar_one())


def undelivered(session: Connection) -> Sequence[Waiting]:
    """Return the values that no CRM holds yet, by vendor and status; dead letters are among them."""
    query = (
        sa.select(connections.c.vendor, outbox.c.status, sa.func.count(), sa.func.min(outbox.c.due_at))
        .join(outbox, outbox.c.connection_id == connections.c.id)
        .where(outbox.c.status.in_(_UNDELIVERED))
        .group_by(connections.c.vendor, outbox.c.status)
        .order_by(connections.c.vendor, outbox.c.status)
    )
    return [Waiting(*row) for row in session.execute(query)]


def ledger_entries(session: Connection) -> int:
    """Return the length of all tenants' ledgers together."""
    return int(session.execute(sa.select(sa.func.coalesce(sa.func.sum(ledger_heads.c.seq), 0))).scalar_one())


def accounts(session: Connection) -> Sequence[tuple[str, str, int]]:
    """Return (vendor, status, number) of installed accounts."""
    c = connections.c
    query = sa.select(c.vendor, c.status, sa.func.count()).group_by(c.vendor, c.status).order_by(c.vendor, c.status)
    return [(row[0], row[1], row[2]) for row in session.execute(query)]


def parked_tenants(session: Connection) -> Sequence[UUID]:
    """Return the tenants with work that waits for a person."""
    query = sa.select(intents.c.tenant_id).where(intents.c.status == IntentStatus.PARKED).distinct()
    return list(session.execute(query.order_by(intents.c.tenant_id)).scalars())


def late_intents(session: Connection, before: datetime) -> int:
    """Return how many intents are due since before an instant and in nobody's hands."""
    where = sa.and_(intents.c.status == IntentStatus.READY, intents.c.due_at < before)
    return int(session.execute(sa.select(sa.func.count()).select_from(intents).where(where)).scalar_one())
