"""A ledger's chain recomputed a piece at a time, so that nobody waits for a long one; what the last check found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.crypto import Seal
from connector.store import heads
from connector.store.bulk import upsert
from connector.store.heads import GENESIS, Head
from connector.store.ledger import Verification, commit, link
from connector.store.tables import ledger, ledger_checks, ledger_payloads


@dataclass(frozen=True, slots=True)
class Place:
    """How far a chain was recomputed: the number and hash of the last good entry."""

    seq: int = 0
    hash: str = GENESIS


@dataclass(frozen=True, slots=True)
class Check:
    """``begun_at`` and ``place`` are those of a check that is under way; ``found`` what the last one came to."""

    begun_at: datetime | None = None
    place: Place = Place()
    ended_at: datetime | None = None
    found: Verification | None = None


def advance(connection: Connection, tenant_id: UUID, place: Place, limit: int) -> Place | Verification:
    """Recompute at most ``limit`` entries behind ``place``; return how far it came, or what it found at the end.

    Entries may be added and bodies erased between two calls: neither changes what was recomputed.
    """
    head = heads.find(connection, tenant_id) or Head(0, GENESIS, None)
    for row in connection.execute(_behind(tenant_id, place.seq, head.seq, limit)):
        seq = place.seq + 1
        linked = link(place.hash, row.seq, row.kind, row.at, row.lead_id, row.commitment)
        committed = row.body is None or commit(row.salt, row.body) == row.commitment
        if row.seq != seq or linked != row.hash or not committed:
            return Verification(seq, seq)
        place = Place(seq, linked)
        limit -= 1
    if limit == 0 and place.seq < head.seq:
        return place
    return _concluded(connection, tenant_id, place, head)


def _concluded(connection: Connection, tenant_id: UUID, place: Place, head: Head) -> Verification:
    newest = connection.execute(sa.select(sa.func.max(ledger.c.seq)).where(ledger.c.tenant_id == tenant_id)).scalar()
    # Looked up once more: entries may have come meanwhile, and the head with them.
    after = heads.find(connection, tenant_id) or head
    if place != Place(head.seq, head.hash) or (newest or 0) > after.seq:
        return Verification(place.seq, min(place.seq, head.seq) + 1)
    hashes = {0: GENESIS, place.seq: place.hash}
    if head.sealed_to not in hashes:
        hashes[head.sealed_to] = _entry_hash(connection, tenant_id, head.sealed_to) or ""
    return Verification(place.seq, None, *heads.judge(connection, tenant_id, head, hashes))


def _entry_hash(connection: Connection, tenant_id: UUID, seq: int) -> str | None:
    found: str | None = connection.execute(
        sa.select(ledger.c.hash).where(ledger.c.tenant_id == tenant_id, ledger.c.seq == seq)
    ).scalar()
    return found


def _behind(tenant_id: UUID, seq: int, upto: int, limit: int) -> sa.Select[Any]:
    same = sa.and_(ledger.c.tenant_id == ledger_payloads.c.tenant_id, ledger.c.seq == ledger_payloads.c.seq)
    joined = sa.select(ledger, ledger_payloads.c.salt, ledger_payloads.c.body)
    query = joined.select_from(ledger.outerjoin(ledger_payloads, same))
    behind = query.where(ledger.c.tenant_id == tenant_id, ledger.c.seq > seq, ledger.c.seq <= upto)
    return behind.order_by(ledger.c.seq).limit(limit)


def check_of(connection: Connection, tenant_id: UUID) -> Check:
    """Return what is known of a tenant's checks."""
    row = connection.execute(sa.select(ledger_checks).where(ledger_checks.c.tenant_id == tenant_id)).one_or_none()
    if row is None:
        return Check()
    return Check(row.begun_at, Place(row.seq, row.hash), row.ended_at, _read(row.found) if row.found else None)


def save(connection: Connection, tenant_id: UUID, check: Check) -> None:
    """Keep how far a check has come, or what it found."""
    row = {
        "tenant_id": tenant_id,
        "begun_at": check.begun_at,
        "seq": check.place.seq,
        "hash": check.place.hash,
        "ended_at": check.ended_at,
        "found": _written(check.found) if check.found else None,
    }
    upsert(
        connection, ledger_checks, [row], key=("tenant_id",), update=tuple(name for name in row if name != "tenant_id")
    )


def _written(found: Verification) -> dict[str, Any]:
    return {
        "entries": found.entries,
        "broken_at": found.broken_at,
        "seal": str(found.seal),
        "sealed_to": found.sealed_to,
    }


def _read(found: Mapping[str, Any]) -> Verification:
    return Verification(found["entries"], found["broken_at"], Seal(found["seal"]), found["sealed_to"])
