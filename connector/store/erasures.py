"""Erasures: the list of people who are to be forgotten. A row is the truth; the sweep finds those that are not done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.tables import erasures


class ErasureStatus(StrEnum):
    """How far an erasure is.

    ``ASKED``: nothing may bring the person back. ``FORGOTTEN``: the store holds nothing of them; a CRM may hold our
    values, and the database's files may hold bytes. ``DONE``: neither.
    """

    ASKED = "asked"
    FORGOTTEN = "forgotten"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Whom:
    """A person, by their leads and the records (connection, vendor id) of these.

    ``cleared`` are those records whose CRM may hold our values after the person is forgotten.
    """

    leads: tuple[int, ...]
    records: tuple[tuple[UUID, str], ...]
    cleared: tuple[tuple[UUID, str], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return what is stored."""
        pairs = {
            name: [[str(connection), vendor_id] for connection, vendor_id in found]
            for name, found in (("records", self.records), ("cleared", self.cleared))
        }
        return {"leads": list(self.leads), **pairs}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Whom:
        """Read what was stored."""
        records, cleared = (
            tuple((UUID(connection), vendor_id) for connection, vendor_id in data[name])
            for name in ("records", "cleared")
        )
        return cls(tuple(data["leads"]), records, cleared)


@dataclass(frozen=True, slots=True)
class Erasure:
    """One piece of work; ``person`` is None once it is done, ``found`` counts what went."""

    id: UUID
    tenant_id: UUID
    status: ErasureStatus
    asked_by: str
    asked_at: datetime
    attempts: int
    message: str | None
    person: Whom | None
    found: Mapping[str, int]
    finished_at: datetime | None


def _read(row: Any) -> Erasure:
    return Erasure(
        row.id,
        row.tenant_id,
        ErasureStatus(row.status),
        row.asked_by,
        row.asked_at,
        row.attempts,
        row.message,
        Whom.from_json(row.person) if row.person else None,
        row.found or {},
        row.finished_at,
    )


def add(connection: Connection, tenant_id: UUID, whom: Whom, asked_by: str, now: datetime) -> UUID:
    """Add an erasure that is due at once; return its id. One without records and leads only takes our values out
    of CRMs."""
    erasure_id = uuid4()
    row = {
        "id": erasure_id,
        "tenant_id": tenant_id,
        "status": ErasureStatus.ASKED if whom.records or whom.leads else ErasureStatus.FORGOTTEN,
        "asked_by": asked_by,
        "asked_at": now,
        "due_at": now,
        "person": whom.to_json(),
    }
    connection.execute(sa.insert(erasures), row)
    return erasure_id


def due(connection: Connection, now: datetime, limit: int) -> Sequence[UUID]:
    """Return erasures that wait for a worker, the longest waiting first."""
    query = sa.select(erasures.c.id).where(_claimable(now)).order_by(erasures.c.due_at).limit(limit)
    return list(connection.execute(query).scalars())


def _claimable(now: datetime) -> sa.ColumnElement[bool]:
    e = erasures.c
    free = sa.or_(e.leased_until.is_(None), e.leased_until <= now)
    return sa.and_(e.finished_at.is_(None), e.due_at <= now, free)


def claim(connection: Connection, erasure_id: UUID, now: datetime, until: datetime) -> Erasure | None:
    """Take an erasure that is due; None where it is not, or another worker was first."""
    taken = sa.update(erasures).where(erasures.c.id == erasure_id, _claimable(now))
    values = {"leased_until": until, "attempts": erasures.c.attempts + 1}
    if connection.execute(taken.values(values)).rowcount != 1:
        return None
    return _read(connection.execute(sa.select(erasures).where(erasures.c.id == erasure_id)).one())


def forgotten(connection: Connection, erasure_id: UUID, whom: Whom | None, found: Mapping[str, int]) -> None:
    """Note that the store holds nothing of the person; ``whom`` is what is still to be cleared elsewhere."""
    values = {
        "status": ErasureStatus.FORGOTTEN,
        "person": None if whom is None else whom.to_json(),
        "found": dict(found),
    }
    connection.execute(sa.update(erasures).where(erasures.c.id == erasure_id).values(values))


def postpone(connection: Connection, erasure_id: UUID, due_at: datetime, message: str) -> None:
    """Give an erasure back, to be gone on with at ``due_at``; ``message`` says what it waits for."""
    values = {"due_at": due_at, "leased_until": None, "message": message}
    connection.execute(sa.update(erasures).where(erasures.c.id == erasure_id).values(values))


def finish(connection: Connection, erasure_id: UUID, now: datetime, message: str | None) -> None:
    """Note that it is done; ``message`` says what could not be reached, and nothing of whom it was is left."""
    values = {
        "status": ErasureStatus.DONE,
        "person": sa.null(),
        "leased_until": None,
        "message": message,
        "finished_at": now,
    }
    connection.execute(sa.update(erasures).where(erasures.c.id == erasure_id).values(values))


def of_tenant(connection: Connection, tenant_id: UUID, limit: int) -> Sequence[Erasure]:
    """Return a tenant's newest erasures."""
    query = sa.select(erasures).where(erasures.c.tenant_id == tenant_id)
    return [_read(row) for row in connection.execute(query.order_by(erasures.c.asked_at.desc()).limit(limit))]
