"""What is due by the clock: one row a tenant and kind, claimed by a conditional update.

A worker holds a row by a lease. One that dies with it loses nothing: the row is due again
when the lease has run out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.bulk import upsert
from connector.store.tables import pulses, schedules, tenants

_ENTERED = "entered"
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Next:
    """When something is done next, and how far apart its runs are. None: only when somebody asks for it."""

    due_at: datetime | None
    cadence: timedelta | None

    def to_row(self) -> dict[str, datetime | int | None]:
        """Return the columns."""
        seconds = None if self.cadence is None else int(self.cadence.total_seconds())
        return {"due_at": self.due_at, "cadence_seconds": seconds}


@dataclass(frozen=True, slots=True)
class Entry:
    """One row. ``leased_until``: a worker is at it, and has so long."""

    kind: str
    due_at: datetime | None
    cadence: timedelta | None
    last_run_at: datetime | None
    leased_until: datetime | None


def without(connection: Connection, kind: str, limit: int) -> Sequence[UUID]:
    """Return tenants that have no row of ``kind`` yet."""
    entered = sa.select(schedules.c.kind).where(schedules.c.tenant_id == tenants.c.id, schedules.c.kind == kind)
    return list(connection.execute(sa.select(tenants.c.id).where(~entered.exists()).limit(limit)).scalars())


def enter(connection: Connection, kind: str, first: Mapping[UUID, Next]) -> None:
    """Add rows; those that are there stay as they are."""
    rows = [{"tenant_id": tenant_id, "kind": kind, **item.to_row()} for tenant_id, item in first.items()]
    upsert(connection, schedules, rows, key=("tenant_id", "kind"))


def look_again(connection: Connection) -> None:
    """Let the next sweep look for tenants without rows. Called where one is added, in the same transaction."""
    upsert(connection, pulses, [{"name": _ENTERED, "at": _NEVER}], key=("name",), update=("at",))


def looked(connection: Connection, since: datetime) -> bool:
    """Tell whether somebody looked for tenants without rows after ``since``, and nobody is to look again."""
    query = sa.select(pulses.c.name).where(pulses.c.name == _ENTERED, pulses.c.at > since)
    return connection.execute(query).first() is not None


def note_look(connection: Connection, now: datetime) -> None:
    """Note that it was looked at ``now``, to be committed before the look.

    Whoever adds a tenant meanwhile writes the same row: before this, and the look sees the tenant; or after it, and
    somebody looks again.
    """
    upsert(connection, pulses, [{"name": _ENTERED, "at": now}], key=("name",), update=("at",))


def end_look(connection: Connection, begun: datetime, now: datetime) -> None:
    """Note that a look has ended; not where a tenant was added since it was noted as ``begun``."""
    same = sa.and_(pulses.c.name == _ENTERED, pulses.c.at == begun)
    connection.execute(sa.update(pulses).where(same).values(at=now))


def due(connection: Connection, now: datetime, limit: int) -> Sequence[tuple[UUID, str]]:
    """Return (tenant, kind) of rows that wait for a worker, the longest waiting first."""
    query = sa.select(schedules.c.tenant_id, schedules.c.kind).where(_claimable(now))
    rows = connection.execute(query.order_by(schedules.c.due_at, schedules.c.kind).limit(limit))
    return [(row.tenant_id, row.kind) for row in rows]


def _claimable(now: datetime) -> sa.ColumnElement[bool]:
    free = sa.or_(schedules.c.leased_until.is_(None), schedules.c.leased_until <= now)
    return sa.and_(schedules.c.due_at <= now, free)


def claim(connection: Connection, tenant_id: UUID, kind: str, now: datetime, until: datetime) -> bool:
    """Take a row that is due; False where it is not, or another worker was first."""
    where = sa.and_(_row(tenant_id, kind), _claimable(now))
    return connection.execute(sa.update(schedules).where(where).values(leased_until=until)).rowcount == 1


def finish(
    connection: Connection, tenant_id: UUID, kind: str, lease: datetime, following: Next, ran_at: datetime
) -> None:
    """Note that it was done, and when it is due next. Does nothing where the ``lease`` was lost."""
    held = sa.and_(_row(tenant_id, kind), schedules.c.leased_until == lease)
    values = {**following.to_row(), "last_run_at": ran_at, "leased_until": None}
    connection.execute(sa.update(schedules).where(held).values(values))


def postpone(connection: Connection, tenant_id: UUID, kind: str, lease: datetime, due_at: datetime) -> None:
    """Give a row back undone, to be tried again at ``due_at``."""
    held = sa.and_(_row(tenant_id, kind), schedules.c.leased_until == lease)
    connection.execute(sa.update(schedules).where(held).values(due_at=due_at, leased_until=None))


def bring_forward(connection: Connection, kind: str, due_at: Mapping[UUID, datetime]) -> None:
    """Let ``kind`` be due at those instants, where it is not due before."""
    if not due_at:
        return
    c = schedules.c
    wanted = sa.bindparam("wanted", type_=c.due_at.type)
    later = sa.or_(c.due_at.is_(None), c.due_at > wanted)
    statement = sa.update(schedules).where(c.tenant_id == sa.bindparam("whose"), c.kind == kind, later)
    rows = [{"whose": tenant_id, "wanted": at} for tenant_id, at in due_at.items()]
    connection.execute(statement.values(due_at=wanted), rows)


def bring_one_forward(connection: Connection, tenant_id: UUID, kind: str, at: datetime) -> bool:
    """Let a tenant's ``kind`` be due at an instant; return False where it is due by then, or there is no such row."""
    due = schedules.c.due_at
    later = sa.and_(_row(tenant_id, kind), sa.or_(due.is_(None), due > at))
    return connection.execute(sa.update(schedules).where(later).values(due_at=at)).rowcount == 1


def tenants_of(connection: Connection, kind: str) -> Sequence[UUID]:
    """Return the tenants that have a row of ``kind``."""
    return list(connection.execute(sa.select(schedules.c.tenant_id).where(schedules.c.kind == kind)).scalars())


def of_tenant(connection: Connection, tenant_id: UUID) -> Sequence[Entry]:
    """Return a tenant's rows, the next one first; those that nobody asked for last."""
    c = schedules.c
    query = sa.select(c.kind, c.due_at, c.cadence_seconds, c.last_run_at, c.leased_until)
    rows = connection.execute(query.where(c.tenant_id == tenant_id).order_by(c.due_at.is_(None), c.due_at, c.kind))
    return [
        Entry(
            row.kind,
            row.due_at,
            None if row.cadence_seconds is None else timedelta(seconds=row.cadence_seconds),
            row.last_run_at,
            row.leased_until,
        )
        for row in rows
    ]


def _row(tenant_id: UUID, kind: str) -> sa.ColumnElement[bool]:
    return sa.and_(schedules.c.tenant_id == tenant_id, schedules.c.kind == kind)


def beat(connection: Connection, name: str, now: datetime, least: timedelta) -> timedelta:
    """Note that ``name`` is alive; return for how long nobody had noted that.

    Nothing, where somebody did less than ``least`` ago: of several that come at once one is told.
    """
    before: datetime | None = connection.execute(sa.select(pulses.c.at).where(pulses.c.name == name)).scalar()
    if before is None:
        upsert(connection, pulses, [{"name": name, "at": now}], key=("name",))
    if before is None or now - before < least:
        return timedelta()
    moved = sa.update(pulses).where(pulses.c.name == name, pulses.c.at == before).values(at=now)
    return now - before if connection.execute(moved).rowcount == 1 else timedelta()
