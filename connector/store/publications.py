"""What an account's first scores wait for, how many were written tonight, and what a look at the CRM found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.bulk import upsert
from connector.store.tables import outbox, publications, records
from connector.store.types import AnyRow


@dataclass(frozen=True, slots=True)
class Publication:
    """One account's state.

    ``first_records``: only so many records are written until ``released_at``. ``night`` is the beginning of the
    night that ``night_writes`` were counted in. ``listeners`` is what an adapter found at ``listened_at``, or
    ``listeners_refused`` why it could not look. ``verified`` are the figures of the last sample, at ``verified_at``.
    ``scale`` is the one that all values of the account are meant for, those that wait and those that it holds.
    """

    approved_at: datetime | None = None
    first_records: int | None = None
    released_at: datetime | None = None
    night: datetime | None = None
    night_writes: int = 0
    listeners: Sequence[Mapping[str, Any]] | None = None
    listeners_refused: str | None = None
    listened_at: datetime | None = None
    verified_at: datetime | None = None
    verified: Mapping[str, Any] | None = None
    scale: str | None = None


_COLUMNS = [publications.c[name] for name in Publication.__dataclass_fields__]


_LOCK = sa.select(*_COLUMNS).where(publications.c.connection_id == sa.bindparam("account")).with_for_update()
_tonight = sa.bindparam("tonight", type_=publications.c.night.type)
_writes = sa.bindparam("writes", type_=publications.c.night_writes.type)
_total = sa.case((publications.c.night == _tonight, publications.c.night_writes + _writes), else_=_writes)
_COUNT = (
    sa.update(publications)
    .where(publications.c.connection_id == sa.bindparam("account"))
    .values(night=_tonight, night_writes=_total)
)
"""Made once: every delivery takes them."""


def get(connection: Connection, connection_id: UUID) -> Publication:
    """Return an account's state; of one about which nothing was said yet, that."""
    row = connection.execute(sa.select(*_COLUMNS).where(publications.c.connection_id == connection_id)).one_or_none()
    return Publication(*row) if row else Publication()


def lock(connection: Connection, tenant_id: UUID, connection_id: UUID) -> Publication:
    """Return an account's state and let no other delivery of it pass until the transaction ends."""
    found = connection.execute(_LOCK, {"account": connection_id}).one_or_none()
    if found is None:
        row = {"connection_id": connection_id, "tenant_id": tenant_id, "night_writes": 0}
        upsert(connection, publications, [row], key=("connection_id",))
        found = connection.execute(_LOCK, {"account": connection_id}).one()
    return Publication(*found)


def save(connection: Connection, connection_id: UUID, **values: Any) -> None:
    """Set columns of a row that :func:`lock` has made."""
    connection.execute(sa.update(publications).where(publications.c.connection_id == connection_id).values(**values))


def count(connection: Connection, connection_id: UUID, night: datetime, writes: int) -> None:
    """Count writes that begin now in the night that began at ``night``."""
    connection.execute(_COUNT, {"account": connection_id, "tonight": night, "writes": writes})


def refund(connection: Connection, connection_id: UUID, writes: int) -> None:
    """Take writes that did not happen off the count."""
    if writes:
        fewer = publications.c.night_writes - writes
        save(connection, connection_id, night_writes=sa.case((fewer > 0, fewer), else_=0))


def waiting_by_tier(connection: Connection, connection_id: UUID) -> Sequence[AnyRow]:
    """Return (tier, fresh, count) of rows that wait to be written; ``fresh``: the record never had a score."""
    tier = outbox.c["values"]["tier"].as_string().label("tier")
    fresh = outbox.c.delivered_at.is_(None).label("fresh")
    query = sa.select(tier, fresh, sa.func.count().label("count")).where(_waiting(connection_id))
    return connection.execute(query.group_by(tier, fresh)).all()


def examples(connection: Connection, connection_id: UUID, count: int) -> Sequence[AnyRow]:
    """Return (record_id, vendor_id, lead_id, values, delivered) of waiting rows: those that are written first."""
    columns = (outbox.c.record_id, records.c.vendor_id, records.c.lead_id, outbox.c["values"], outbox.c.delivered)
    query = (
        sa.select(*columns)
        .join(records, records.c.id == outbox.c.record_id)
        .where(_waiting(connection_id))
        .order_by(outbox.c.priority.desc(), outbox.c.due_at, outbox.c.record_id)
        .limit(count)
    )
    return connection.execute(query).all()


def _waiting(connection_id: UUID) -> sa.ColumnElement[bool]:
    return sa.and_(outbox.c.connection_id == connection_id, outbox.c.status == "pending")
