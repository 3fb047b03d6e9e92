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


_STATES = sa.select(
    streams.c.name,
    streams.c.label,
    streams.c.cursor,
    streams.c.read,
    streams.c.rejected,
    streams.c.expected,
    streams.c.drained_at,
    streams.c.unavailable,
)
_OF_CONNECTION = _STATES.where(streams.c.connection_id == sa.bindparam("wanted"))
_OF_TENANT = _STATES.where(streams.c.tenant_id == sa.bindparam("wanted"))
"""Made once: every page reports what all streams of its tenant have read."""


_ADVANCE = (
    sa.update(streams)
    .where(streams.c.connection_id == sa.bindparam("of_connection"), streams.c.name == sa.bindparam("of_stream"))
    .values(read=streams.c.read + sa.bindparam("more"))
)
"""Made once, as every page moves a cursor. What else is set are the values that come with it."""


def register(connection: Connection, tenant_id: UUID, connection_id: UUID, offered: Sequence[Stream]) -> None:
    """Add rows for streams seen for the first time; cursors of known ones stay."""
    rows = [{"connection_id": connection_id, "name": s.name, "tenant_id": tenant_id, "label": s.label} for s in offered]
    upsert(connection, streams, rows, key=("connection_id", "name"), update=("label",))


def of_connection(connection: Connection, connection_id: UUID) -> Sequence[StreamState]:
    """Return the streams of a connection."""
    return [StreamState(*row) for row in connection.execute(_OF_CONNECTION, {"wanted": connection_id})]


def of_tenant(connection: Connection, tenant_id: UUID) -> Sequence[StreamState]:
    """Return the streams of all of a tenant's connections."""
    return [StreamState(*row) for row in connection.execute(_OF_TENANT, {"wanted": tenant_id})]


def advance(connection: Connection, connection_id: UUID, name: str, values: dict[str, Any], read: int) -> None:
    """Move a cursor in the transaction that stored what it read; ``read`` is added to the count."""
    connection.execute(_ADVANCE, {"of_connection": connection_id, "of_stream": name, "more": read, **values})


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
