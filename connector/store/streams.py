"""Cursors: how far each stream of a connection has been read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.records import Cursor, Rejection, Stream
from connector.store.bulk import upsert
from connector.store.tables import rejections, streams


@dataclass(frozen=True, slots=True)
class StreamState:
    """One stream's cursor and counts. ``drained_at``: when it was last read to its end."""

    name: str
    label: str
    cursor: Cursor | None
    read: int
    rejected: int
    expected: int | None
    drained_at: datetime | None
    unavailable: str | None


def register(connection: Connection, tenant_id: UUID, connection_id: UUID, offered: Sequence[Stream]) -> None:
    """Add rows for streams seen for the first time; cursors of known ones stay."""
    rows = [{"connection_id": connection_id, "name": s.name, "tenant_id": tenant_id, "label": s.label} for s in offered]
    upsert(connection, streams, rows, key=("connection_id", "name"), update=("label",))


def of_connection(connection: Connection, connection_id: UUID) -> Sequence[StreamState]:
    """Return the streams of a connection."""
    return _states(connection, streams.c.connection_id == connection_id)


def of_tenant(connection: Connection, tenant_id: UUID) -> Sequence[StreamState]:
    """Return the streams of all of a tenant's connections."""
    return _states(connection, streams.c.tenant_id == tenant_id)


def _states(connection: Connection, where: sa.ColumnElement[bool]) -> Sequence[StreamState]:
    c = streams.c
    query = sa.select(c.name, c.label, c.cursor, c.read, c.rejected, c.expected, c.drained_at, c.unavailable)
    return [StreamState(*row) for row in connection.execute(query.where(where))]


def advance(connection: Connection, connection_id: UUID, name: str, values: dict[str, Any], read: int) -> None:
    """Move a cursor in the transaction that stored what it read; ``read`` is added to the count."""
    where = sa.and_(streams.c.connection_id == connection_id, streams.c.name == name)
    connection.execute(sa.update(streams).where(where).values(read=streams.c.read + read, **values))


def reject(connection: Connection, tenant_id: UUID, connection_id: UUID, found: Sequence[Rejection]) -> None:
    """Keep what could not be read, with its reason, for the admin to see."""
    rows = [
        {
            "tenant_id": tenant_id,
            "connection_id": connection_id,
            "stream": item.stream,
            "vendor_id": item.vendor_id,
            "reason": item.reason,
        }
        for item in found
    ]
    upsert(connection, rejections, rows, key=("connection_id", "stream", "vendor_id"), update=("reason",))
