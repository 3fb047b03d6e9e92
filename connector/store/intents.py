"""Intents: the list of work. A row is the truth, a message only wakes a worker.

A worker claims a row by a conditional update, holds it by a lease that it renews, and
carries the row's ``fence``: each claim raises it, so that a worker which lost its lease
without noticing can prove nothing and write nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.errors import LostLease
from connector.store.bulk import upsert
from connector.store.tables import intents, tenants
from connector.store.types import AnyRow

BEHIND_AT_FIRST = timedelta(minutes=10)
"""Work that had one turn stands behind what came within so long after it gave way."""

BEHIND = timedelta(hours=1)
"""The same of work that had more turns: so much longer that it stands behind the second turns of others as well."""


class IntentStatus(StrEnum):
    """Where a piece of work stands."""

    READY = "ready"
    LEASED = "leased"
    DONE = "done"
    PARKED = "parked"


@dataclass(frozen=True, slots=True)
class Intent:
    """One piece of work: a stage of a run for a subject (a connection, or the tenant itself).

    ``gave_way``: it had a turn, and more is left than fitted in.
    """

    id: UUID
    tenant_id: UUID
    stage: str
    subject: str
    run_id: UUID
    fence: int
    attempts: int
    gave_way: bool = False


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
        .where(intents.c.id == intent_id, _claimable(now), ~_held_by_another_run(now))
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
    return Intent(
        row.id, row.tenant_id, row.stage, row.subject, row.run_id, row.fence, row.attempts, row.turn_at is not None
    )


def _held_by_another_run(now: datetime) -> sa.ColumnElement[bool]:
    """Whether another run holds the same stage of the same subject: two would share its cursors and parcels."""
    other = intents.alias("other")
    same = sa.and_(
        other.c.tenant_id == intents.c.tenant_id,
        other.c.stage == intents.c.stage,
        other.c.subject == intents.c.subject,
        other.c.id != intents.c.id,
    )
    return (
        sa.select(other.c.id)
        .where(same, other.c.status == IntentStatus.LEASED, other.c.leased_until >= now)
        .correlate(intents)
        .exists()
    )


def due(
    connection: Connection, now: datetime, limit: int, *, stages: Sequence[str] | None = None
) -> Sequence[tuple[UUID, str]]:
    """Return (id, stage) of intents that can be claimed, in the order in which their tenants take turns.

    The tenant with the fewest workers comes first, then who waits longest; a tenant's second intent
    stands behind the first ones of those that have as many workers as it. Work that gave way counts as if it
    had come ``BEHIND_AT_FIRST``, later ``BEHIND`` after that: new tenants go first, then those that had one turn, but
    not for ever. ``stages``: only those.
    """
    c = intents.c
    since = sa.func.coalesce(c.turn_at, c.due_at)
    wanted = sa.true() if stages is None else c.stage.in_(stages)
    held = sa.and_(c.status == IntentStatus.LEASED, c.leased_until >= now, wanted)
    busy = sa.select(c.tenant_id, sa.func.count().label("workers")).where(held).group_by(c.tenant_id).subquery()
    place = sa.func.row_number().over(partition_by=c.tenant_id, order_by=(since, c.id))
    waiting = (
        sa.select(c.id, c.stage, c.tenant_id, since.label("since"), place.label("place"))
        .where(_claimable(now), wanted, ~_held_by_another_run(now))
        .subquery()
    )
    turn = sa.func.coalesce(busy.c.workers, 0) + waiting.c.place
    query = (
        sa.select(waiting.c.id, waiting.c.stage)
        .outerjoin(busy, busy.c.tenant_id == waiting.c.tenant_id)
        .order_by(turn, waiting.c.since, waiting.c.id)
        .limit(limit)
    )
    return [(row.id, row.stage) for row in connection.execute(query)]


def others_wait(connection: Connection, tenant_id: UUID, stages: Sequence[str], now: datetime) -> bool:
    """Tell whether work of another tenant could be claimed at these stages."""
    theirs = sa.and_(intents.c.tenant_id != tenant_id, intents.c.stage.in_(stages))
    query = sa.select(intents.c.id).where(theirs, _claimable(now), ~_held_by_another_run(now)).limit(1)
    return connection.execute(query).first() is not None


def stage_of(connection: Connection, intent_id: UUID) -> str | None:
    """Return the stage of an intent; None where there is none of that id."""
    stage: str | None = connection.execute(sa.select(intents.c.stage).where(intents.c.id == intent_id)).scalar()
    return stage


def _held(intent: Intent) -> sa.ColumnElement[bool]:
    return sa.and_(intents.c.id == intent.id, intents.c.fence == intent.fence, intents.c.status == IntentStatus.LEASED)


_RENEW = (
    sa.update(intents)
    .where(
        intents.c.id == sa.bindparam("held_id"),
        intents.c.fence == sa.bindparam("held_fence"),
        intents.c.status == IntentStatus.LEASED,
    )
    .values(leased_until=sa.bindparam("until"))
)
"""Made once: it begins every writing transaction of a stage."""


def renew(connection: Connection, intent: Intent, until: datetime) -> None:
    """Hold the lease longer; raises ``LostLease`` when another worker has it now.

    Called inside each writing transaction, it is also the fence: the row stays locked
    until that transaction ends.
    """
    held = {"held_id": intent.id, "held_fence": intent.fence, "until": until}
    if connection.execute(_RENEW, held).rowcount != 1:
        raise LostLease(f"Stage {intent.stage} of run {intent.run_id} is held by another worker.")


def finish(connection: Connection, intent: Intent) -> None:
    """Mark the work as done; raises ``LostLease``."""
    values = {"status": IntentStatus.DONE, "leased_until": None, "message": None}
    if connection.execute(sa.update(intents).where(_held(intent)).values(values)).rowcount != 1:
        raise LostLease(f"Stage {intent.stage} of run {intent.run_id} is held by another worker.")


def put_back(connection: Connection, intent: Intent, due_at: datetime, message: str | None) -> None:
    """Give the work back to be tried again at ``due_at``; ``message`` says why, if anybody should know."""
    values = {"status": IntentStatus.READY, "due_at": due_at, "turn_at": None, "leased_until": None, "message": message}
    connection.execute(sa.update(intents).where(_held(intent)).values(values))


def give_way(connection: Connection, intent: Intent, now: datetime) -> None:
    """Give half-done work back behind everybody who waits; what it has done so far was no failed attempt."""
    behind = BEHIND if intent.gave_way else BEHIND_AT_FIRST
    values = {"status": IntentStatus.READY, "due_at": now, "turn_at": now + behind, "leased_until": None}
    connection.execute(sa.update(intents).where(_held(intent)).values(**values, attempts=0, message=None))


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
    values = {"status": IntentStatus.READY, "due_at": now, "turn_at": None, "message": None}
    return connection.execute(sa.update(intents).where(where).values(values)).rowcount


def put_back_of_run(connection: Connection, run_id: UUID) -> Sequence[AnyRow]:
    """Return (stage, message, due_at) of a run's work that waits to be tried again."""
    query = sa.select(intents.c.stage, intents.c.message, intents.c.due_at).where(
        intents.c.run_id == run_id, intents.c.status == IntentStatus.READY, intents.c.message.is_not(None)
    )
    return connection.execute(query).all()
