"""Keyed hashes of those who are to be forgotten: nothing from before is taken in again.

A mark is that of a mailbox or of a record; who it was can't be told from it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.bulk import upsert
from connector.store.tables import tombstones

_IN_CHUNK = 1_000
_NAMESPACE = b"tombstones:"


def hold(connection: Connection, tenant_id: UUID, *, alone: bool) -> None:
    """Be sure until the transaction ends that a tenant's tombstones stay as they are.

    Everyone who stores what a CRM told holds them, side by side; who sets one holds them ``alone``, and so waits for
    pages that are on their way and is seen by those that come. SQLite has one writer at a time anyway.
    """
    if connection.dialect.name != "postgresql":
        return
    digest = hashlib.sha256(_NAMESPACE + tenant_id.bytes).digest()[:8]
    lock = sa.func.pg_advisory_xact_lock if alone else sa.func.pg_advisory_xact_lock_shared
    connection.execute(sa.select(lock(int.from_bytes(digest, "big", signed=True))))


def any_of(connection: Connection, tenant_id: UUID) -> bool:
    """Tell whether a tenant has any."""
    return connection.execute(_ANY, {"owner": tenant_id}).first() is not None


_ANY = sa.select(tombstones.c.mark).where(tombstones.c.tenant_id == sa.bindparam("owner")).limit(1)
"""Made once: asked for every page, and for every lead that comes alone."""


def found(connection: Connection, tenant_id: UUID, marks: Iterable[str]) -> dict[str, datetime]:
    """Return those of ``marks`` that are to be forgotten, and when that was asked."""
    t = tombstones.c
    wanted = sorted(set(marks))
    met: dict[str, datetime] = {}
    for start in range(0, len(wanted), _IN_CHUNK):
        some = sa.and_(t.tenant_id == tenant_id, t.mark.in_(wanted[start : start + _IN_CHUNK]))
        met |= {row.mark: row.at for row in connection.execute(sa.select(t.mark, t.at).where(some))}
    return met


def put(connection: Connection, tenant_id: UUID, marks: Mapping[str, datetime]) -> None:
    """Set tombstones (mark → when that was asked); one that is there counts from its new time."""
    rows = [{"tenant_id": tenant_id, "mark": mark, "at": at} for mark, at in sorted(marks.items())]
    upsert(connection, tombstones, rows, key=("tenant_id", "mark"), update=("at",))


def lift(connection: Connection, tenant_id: UUID, marks: Iterable[str]) -> None:
    """Take away marks of records whose person came back by themselves."""
    t = tombstones.c
    connection.execute(sa.delete(tombstones).where(t.tenant_id == tenant_id, t.mark.in_(sorted(set(marks)))))
