"""Jobs of ours that a CRM works on by itself, from before they may begin until they can write nothing more."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.outbox import DOUBTFUL
from connector.store.tables import outbox, write_jobs

_jobs = write_jobs.c

NOBODYS = UUID(int=0)
"""The claim of a job that was given up."""


def begin(connection: Connection, whose: tuple[UUID, UUID], job_id: str, claim: UUID, now: datetime) -> None:
    """Note a job that brings a claim's values. ``whose``: tenant and connection."""
    tenant_id, connection_id = whose
    row = {"tenant_id": tenant_id, "connection_id": connection_id, "job_id": job_id, "claim": claim, "begun_at": now}
    connection.execute(sa.insert(write_jobs), row)


def rename(connection: Connection, connection_id: UUID, former: str, job_id: str) -> None:
    """Note the id that a job has got from its CRM."""
    mine = sa.and_(_jobs.connection_id == connection_id, _jobs.job_id == former)
    connection.execute(sa.update(write_jobs).where(mine).values(job_id=job_id))


def give_up(connection: Connection, connection_id: UUID, job_ids: Collection[str]) -> None:
    """Take jobs from their claim, which may hold rows that others of its jobs carry."""
    if not job_ids:
        return
    mine = sa.and_(_jobs.connection_id == connection_id, _jobs.job_id.in_(job_ids))
    connection.execute(sa.update(write_jobs).where(mine).values(claim=NOBODYS))


def end(connection: Connection, connection_id: UUID, job_id: str) -> None:
    """Forget a job that writes nothing any more."""
    connection.execute(sa.delete(write_jobs).where(_jobs.connection_id == connection_id, _jobs.job_id == job_id))


def left_behind(connection: Connection, connection_id: UUID, now: datetime) -> Sequence[str]:
    """Return the jobs of a connection whose claim holds no row any more, oldest first.

    Whoever waited for them was lost, or gave them up: their rows may be another's by now.
    """
    holding = sa.exists().where(
        outbox.c.connection_id == connection_id,
        outbox.c.status.in_(DOUBTFUL),
        outbox.c.claim == _jobs.claim,
        outbox.c.leased_until >= now,
    )
    query = sa.select(_jobs.job_id).where(_jobs.connection_id == connection_id, ~holding)
    return list(connection.execute(query.order_by(_jobs.begun_at, _jobs.job_id)).scalars())
