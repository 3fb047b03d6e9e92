"""The webhook inbox: durable before the vendor gets its 2xx, each hint once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from types import MappingProxyType
from uuid import UUID
from zlib import crc32

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.records import WebhookHint
from connector.store.bulk import upsert
from connector.store.tables import inbox
from connector.store.types import AnyRow

ERASED = "erased"
"""The kind of a hint that a person asked to be forgotten."""

TRACKED = "tracked"
"""The kind of a hint that a person did something on the tenant's own sites, of which the CRM knows nothing."""

ASKED = "asked"
"""The kind of a hint that somebody asked for a person to be scored anew."""

KNOWN_HERE = frozenset((TRACKED, ASKED))
"""Kinds of hints for which nothing has to be read: what they tell of is here already."""

CENSUS = "census"
"""The kind of a hint that a count made: it is read by the sync that counted, never in haste."""


@dataclass(frozen=True, slots=True)
class Person:
    """All hints about one person that wait: the earliest times, which hints they are, and who asked for them."""

    vendor_id: str
    happened_at: datetime
    received_at: datetime
    kinds: frozenset[str]
    keys: tuple[str, ...]
    asked_by: frozenset[str] = frozenset()

    @property
    def known_here(self) -> bool:
        """Whether nothing has to be read of them."""
        return self.kinds <= KNOWN_HERE


def keep(
    connection: Connection,
    tenant_id: UUID,
    connection_id: UUID,
    hints: Sequence[WebhookHint],
    now: datetime,
    asked_by: Mapping[str, str] = MappingProxyType({}),
) -> int:
    """Store hints; return how many were not known yet.

    ``asked_by``: vendor id → who asked for the person to be scored anew, as the ledger names them.
    """
    rows = [
        {
            "connection_id": connection_id,
            "dedupe_key": hint.dedupe_key,
            "tenant_id": tenant_id,
            "kind": ERASED if hint.erased else hint.kind,
            "subject": hint.record_id,
            "asked_by": asked_by.get(hint.record_id or ""),
            "occurred_at": hint.occurred_at,
            "received_at": now,
        }
        for hint in hints
    ]
    return upsert(connection, inbox, rows, key=("connection_id", "dedupe_key"))


def waiting(
    connection: Connection, connection_id: UUID, limit: int, before: datetime | None = None
) -> Sequence[tuple[str, str, str | None]]:
    """Return (dedupe key, kind, vendor id) of hints not handled yet, oldest first.

    ``before``: hints about people that arrived later are left to the real-time lane.
    """
    c = inbox.c
    ours = sa.true() if before is None else sa.or_(c.received_at < before, c.subject.is_(None), c.kind == CENSUS)
    query = (
        sa.select(c.dedupe_key, c.kind, c.subject)
        .where(c.connection_id == connection_id, c.handled_at.is_(None), ours)
        .order_by(c.occurred_at)
        .limit(limit)
    )
    return [(row.dedupe_key, row.kind, row.subject) for row in connection.execute(query)]


def count_waiting(connection: Connection, connection_id: UUID) -> int:
    """Return how many hints of an account nobody looked at yet."""
    query = sa.select(sa.func.count()).select_from(inbox)
    mine = sa.and_(inbox.c.connection_id == connection_id, inbox.c.handled_at.is_(None))
    return connection.execute(query.where(mine)).scalar_one()


_WAITING = (
    sa.select(
        inbox.c.subject,
        inbox.c.occurred_at,
        inbox.c.received_at,
        inbox.c.kind,
        inbox.c.dedupe_key,
        inbox.c.asked_by,
    )
    .where(
        inbox.c.connection_id == sa.bindparam("account"),
        inbox.c.handled_at.is_(None),
        inbox.c.subject.is_not(None),
        inbox.c.kind != CENSUS,
    )
    .order_by(inbox.c.received_at, inbox.c.dedupe_key)
    .limit(sa.bindparam("most"))
)
_HANDLE = (
    sa.update(inbox)
    .where(
        inbox.c.connection_id == sa.bindparam("account"),
        inbox.c.dedupe_key.in_(sa.bindparam("keys", expanding=True)),
    )
    .values(handled_at=sa.bindparam("now"))
)
"""Made once: needed in every turn of the real-time lane."""


def people(
    connection: Connection, connection_id: UUID, hints: int, most: int, half: int | None = None
) -> Sequence[Person]:
    """Return whom waiting hints are about, at most ``most``, the longest waiting first; of ``hints`` hints at most.

    ``half``: only those of one half of all people, 0 or 1; no person is in both.
    """
    about: dict[str, list[AnyRow]] = {}
    for row in connection.execute(_WAITING, {"account": connection_id, "most": hints}):
        if half is None or crc32(row.subject.encode()) % 2 == half:
            about.setdefault(row.subject, []).append(row)
    return [_person(vendor_id, rows) for vendor_id, rows in islice(about.items(), most)]


def _person(vendor_id: str, rows: Sequence[AnyRow]) -> Person:
    return Person(
        vendor_id,
        min(row.occurred_at for row in rows),
        rows[0].received_at,
        frozenset(row.kind for row in rows),
        tuple(row.dedupe_key for row in rows),
        frozenset(row.asked_by for row in rows if row.asked_by),
    )


def handled(connection: Connection, connection_id: UUID, keys: Sequence[str], now: datetime) -> None:
    """Mark hints as handled."""
    connection.execute(_HANDLE, {"account": connection_id, "keys": list(keys), "now": now})


def forget(connection: Connection, connection_id: UUID, vendor_ids: Sequence[str]) -> int:
    """Delete all hints about people; return how many there were."""
    mine = sa.and_(inbox.c.connection_id == connection_id, inbox.c.subject.in_(vendor_ids))
    return connection.execute(sa.delete(inbox).where(mine)).rowcount
