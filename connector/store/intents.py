"""Intents: the list of work. A row is the truth, a message only wakes a worker.

A worker claims a row by a conditional update, holds it by a lease that it renews, and
carries the row's ``fence``: each claim raises it, so that a worker which lost its lease
without noticing can prove nothing and write nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.errors import LostLease
from connector.store.bulk import upsert
from connector.store.tables import intents, tenants
from connector.store.types import AnyRow


class IntentStatus(StrEnum):
    """Where a piece of work stands."""

    READY = "ready"
    LEASED = "leased"
    DONE = "done"
    PARKED = "parked"


@dataclass(frozen=True, slots=True)
class Intent:
    """One piece of work: a stage of a run for a subject (a connection, or the tenant itself)."""

    id: UUID
    tenant_id: UUID
    stage: str
    subject: str
    run_id: UUID
    fence: int
    attempts: int


def add(
    connection: Connection, tenant_id: UUID, run_id: UUID, stage: str, subjects: Sequence[str], now: datetime
) -> None:
    """Add one intent a subject; one that is there already stays as it is."""
    rows = [
        {
            "id": uuid4(),
            "tenant_id": tenant_id,
            "stage": stage,
            "subject": subject,
            "run_id": run_id,
            "status": IntentStatus.READY,
            "due_at": now,
            "created_at": now,
        }
        for subject in subjects
    ]
    upsert(connection, intents, rows, key=("run_id", "stage", "subject"))


def _claimable(now: datetime) -> sa.ColumnElement[bool]:
    ready = sa.and_(intents.c.status == IntentStatus.READY, intents.c.due_at <= now)
    abandoned = sa.and_(intents.c.status == IntentStatus.LEASED, intents.c.leased_until < now)
    return sa.or_(ready, abandoned)


def claim(connection: Connection, intent_id: UUID, now: datetime, until: datetime) -> Intent | None:
    """Take an intent that is due or whose lease ran out; None when another worker was first."""
    tenant = sa.select(intents.c.tenant_id).where(intents.c.id == intent_id).scalar_subquery()
    # One claim a tenant at a time, else two workers could each see the other's stage as free.
    connection.execute(sa.select(tenants.c.id).where(tenants.c.id == tenant).with_for_update(key_share=True))
    taken = (
        sa.update(intents)
        .where(intents.c.id == intent_id, _claimable(now), ~_busy_elsewhere(intent_id, now))
        .values(
            status=IntentStatus.LEASED,
            leased_until=until,
            fence=intents.c.fence + 1,
            attempts=intents.c.attempts + 1,
        )
    )
    if connection.execute(taken).rowcount != 1:
        return None
    row = connection.execute(sa.select(intents).where(intents.c.id == intent_id)).one()
    return Intent(row.id, row.tenant_id, row.stage, row.subject, row.run_id, row.fence, row.attempts)


def _busy_elsewhere(intent_id: UUID, now: datetime) -> sa.ColumnElement[bool]:
    """Whether another run holds the same stage of the same subject: two would share its cursors and parcels."""
    mine, other = intents.alias("mine"), intents.alias("other")
    same = sa.and_(
        other.c.tenant_id == mine.c.tenant_id, other.c.stage == mine.c.stage, other.c.subject == mine.c.subject
    )
    return (
        sa.select(other.c.id)
        .join(mine, same)
        .where(mine.c.id == intent_id, other.c.id != intent_id)
        .where(other.c.status == IntentStatus.LEASED, other.c.leased_until >= now)
        .exists()
    )


def due(connection: Connection, now: datetime, limit: int) -> Sequence[tuple[UUID, str]]:
    """Return (id, stage) of claimable intents, the longest waiting first."""
    query = sa.select(intents.c.id, intents.c.stage).where(_claimable(now)).order_by(intents.c.due_at).limit(limit)
    return [(row.id, row.stage) for row in connection.execute(query)]


def _held(intent: Intent) -> sa.ColumnElement[bool]:
    return sa.and_(intents.c.id == intent.id, intents.c.fence == intent.fence, intents.c.status == IntentStatus.LEASED)


def renew(connection: Connection, intent: Intent, until: datetime) -> None:
    """Hold the lease longer; raises ``LostLease`` when another worker has it now.

    Called inside each writing transaction, it is also the fence: the row stays locked
    until that transaction ends.
    """
    if connection.execute(sa.update(intents).where(_held(intent)).values(leased_until=until)).rowcount != 1:
        raise LostLease(f"Stage {intent.stage} of run {intent.run_id} is held by another worker.")


def finish(connection: Connection, intent: Intent) -> None:
    """Mark the work as done; raises ``LostLease``."""
    values = {"status": IntentStatus.DONE, "leased_until": None, "message": None}
    if connection.execute(sa.update(intents).where(_held(intent)).values(values)).rowcount != 1:
        raise LostLease(f"Stage {intent.stage} of run {intent.run_id} is held by another worker.")


def put_back(connection: Connection, intent: Intent, due_at: datetime, message: str | None) -> None:
    """Give the work back to be tried again at ``due_at``; ``message`` says why, if anybody should know."""
    values = {"status": IntentStatus.READY, "due_at": due_at, "leased_until": None, "message": message}
    connection.execute(sa.update(intents).where(_held(intent)).values(values))


def park(connection: Connection, intent: Intent, message: str) -> None:
    """Set the work aside until a person has acted; ``message`` tells them what to do."""
    values = {"status": IntentStatus.PARKED, "leased_until": None, "message": message}
    connection.execute(sa.update(intents).where(_held(intent)).values(values))


def open_count(connection: Connection, run_id: UUID, stage: str) -> int:
    """Return how many intents of a run's stage are not done."""
    where = sa.and_(intents.c.run_id == run_id, intents.c.stage == stage, intents.c.status != IntentStatus.DONE)
    return connection.execute(sa.select(sa.func.count()).select_from(intents).where(where)).scalar_one()


def ready_of_run(connection: Connection, run_id: UUID) -> Sequence[tuple[UUID, str]]:
    """Return (id, stage) of a run's intents that wait for a worker."""
    query = sa.select(intents.c.id, intents.c.stage).where(
        intents.c.run_id == run_id, intents.c.status == IntentStatus.READY
    )
    return [(row.id, row.stage) for row in connection.execute(query)]


def unpark(connection: Connection, tenant_id: UUID, now: datetime) -> int:
    """Make a tenant's parked work due again (the admin has acted); return how many."""
    where = sa.and_(intents.c.tenant_id == tenant_id, intents.c.status == IntentStatus.PARKED)
    values = {"status": IntentStatus.READY, "due_at": now, "message": None}
    return connection.execute(sa.update(intents).where(where).values(values)).rowcount


def put_back_of_run(connection: Connection, run_id: UUID) -> Sequence[AnyRow]:
    """Return (stage, message, due_at) of a run's work that waits to be tried again."""
    query = sa.select(intents.c.stage, intents.c.message, intents.c.due_at).where(
        intents.c.run_id == run_id, intents.c.status == IntentStatus.READY, intents.c.message.is_not(None)
    )
    return connection.execute(query).all()
