"""Which records an account still has: what a change feed can't tell."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.tables import records

_IN_CHUNK = 5_000


def confirm(connection: Connection, connection_id: UUID, present: Sequence[str], now: datetime) -> set[str]:
    """Mark open records as seen ``now``; return those of ``present`` that are not among them."""
    unknown = set(present)
    for start in range(0, len(present), _IN_CHUNK):
        where = sa.and_(_open(connection_id), records.c.vendor_id.in_(present[start : start + _IN_CHUNK]))
        unknown -= set(connection.execute(sa.select(records.c.vendor_id).where(where)).scalars())
        connection.execute(sa.update(records).where(where).values(seen_at=now))
    return unknown


def unseen(connection: Connection, connection_id: UUID, since: datetime) -> Sequence[str]:
    """Return the vendor ids of open records that nobody saw since ``since``."""
    where = sa.and_(_open(connection_id), sa.or_(records.c.seen_at.is_(None), records.c.seen_at < since))
    return list(connection.execute(sa.select(records.c.vendor_id).where(where)).scalars())


def _open(connection_id: UUID) -> sa.ColumnElement[bool]:
    return sa.and_(records.c.connection_id == connection_id, records.c.removed_at.is_(None))
