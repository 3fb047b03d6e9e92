"""The ledger: an append-only, hash-chained history of every score and delivery.

The chain hashes a salted commitment to each entry's body; the body lives apart, so
that an erasure can delete it and the chain still verifies. The head of a chain carries
a seal (store/heads). Triggers of the database refuse to change or delete an entry.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.crypto import Seal
from connector.errors import CorruptLedger
from connector.store import heads
from connector.store.bulk import upsert
from connector.store.heads import GENESIS, Head
from connector.store.tables import feedback, ledger, ledger_heads, ledger_payloads
from connector.store.types import AnyRow, microseconds


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to be remembered. ``kind``: scored, delivered, overwritten, feedback, accessed or admin."""

    kind: str
    lead_id: int | None
    body: Mapping[str, Any]


_ONE_TEXT = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY


def lock(connection: Connection, tenant_id: UUID) -> Head:
    """Be the only one who scores, delivers for or joins persons of a tenant until the transaction ends.

    Taken before the rows that several of them write, it keeps them from waiting for each other in a circle.
    Returns the newest entry's place.
    """
    held = heads.find(connection, tenant_id, lock=True)
    if held is None:
        upsert(connection, ledger_heads, [{"tenant_id": tenant_id, "seq": 0, "hash": GENESIS}], key=("tenant_id",))
        held = heads.find(connection, tenant_id, lock=True)
    if held is None:
        raise CorruptLedger(f"The ledger of tenant {tenant_id} has no head, and none can be made. Look at its rights.")
    return held


def append(connection: Connection, tenant_id: UUID, entries: Sequence[Entry], now: datetime) -> int:
    """Add entries to a tenant's chain; return the sequence number of the first.

    Raises ``CorruptLedger`` where entries stand after the head already.
    """
    before = lock(connection, tenant_id)
    seq, previous = before.seq, before.hash
    rows, payloads = [], []
    for entry in entries:
        seq += 1
        salt, body = secrets.token_hex(16), canonical(entry.body)
        commitment = commit(salt, body)
        previous = link(previous, seq, entry.kind, now, entry.lead_id, commitment)
        rows.append(
            {
                "tenant_id": tenant_id,
                "seq": seq,
                "kind": entry.kind,
                "at": now,
                "lead_id": entry.lead_id,
                "commitment": commitment,
                "hash": previous,
            }
        )
        payloads.append({"tenant_id": tenant_id, "seq": seq, "salt": salt, "body": body})
    if upsert(connection, ledger, rows, key=("tenant_id", "seq")) != len(rows):
        raise CorruptLedger(
            f"The ledger of tenant {tenant_id} holds entries after its head {before.seq}: somebody set the head back. "
            f"Nothing was entered. Run `connector ledger verify {tenant_id}`."
        )
    upsert(connection, ledger_payloads, payloads, key=("tenant_id", "seq"))
    heads.move(connection, tenant_id, before, Head(seq, previous, None))
    return before.seq + 1


def canonical(body: Mapping[str, Any]) -> str:
    """Return the one JSON text of a body; raises ``TypeError`` for what can't be told in JSON or in 64 bits.

    Whatever wrote it, an entry verifies by the text that is stored with it.
    """
    return orjson.dumps(body, option=_ONE_TEXT).decode()


def commit(salt: str, body: str) -> str:
    """Return the salted commitment to a body (SHA-256)."""
    return hashlib.sha256(f"{salt}:{body}".encode()).hexdigest()


def link(previous: str, seq: int, kind: str, at: datetime, lead_id: int | None, commitment: str) -> str:
    """Return the hash of an entry over its predecessor's."""
    text = f"{previous}|{seq}|{kind}|{microseconds(at)}|{lead_id or ''}|{commitment}"
    return hashlib.sha256(text.encode()).hexdigest()


def forget(connection: Connection, tenant_id: UUID, lead_ids: Sequence[int]) -> int:
    """Delete what the entries of leads say, thumbs among it; the chain still verifies. Returns how many bodies went."""
    of_leads = sa.and_(feedback.c.tenant_id == tenant_id, feedback.c.lead_id.in_(lead_ids))
    connection.execute(sa.delete(feedback).where(of_leads))
    mine = sa.select(ledger.c.seq).where(ledger.c.tenant_id == tenant_id, ledger.c.lead_id.in_(lead_ids))
    p = ledger_payloads.c
    return connection.execute(sa.delete(ledger_payloads).where(p.tenant_id == tenant_id, p.seq.in_(mine))).rowcount


@dataclass(frozen=True, slots=True)
class Verification:
    """What checking a chain found.

    ``broken_at`` is the first bad sequence number; ``seal`` says whether the head carries our seal, ``sealed_to``
    which entry it stands on; ``unlike`` is the first sequence number whose hash is not the one that was kept elsewhere.
    """

    entries: int
    broken_at: int | None
    seal: Seal = Seal.UNCHECKED
    sealed_to: int = 0
    unlike: int | None = None

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return self.broken_at is None and self.unlike is None and self.seal in (Seal.HOLDS, Seal.UNCHECKED)


def verify(connection: Connection, tenant_id: UUID, kept: Mapping[int, str] | None = None) -> Verification:
    """Recompute a tenant's whole chain, and each commitment whose body is still there; look at the head's seal.

    ``kept``: hashes of entries that were written down elsewhere before, by sequence number. Entries may be added
    meanwhile.
    """
    kept = kept or {}
    before = heads.find(connection, tenant_id) or Head(0, GENESIS, None)
    wanted = {before.seq, before.sealed_to, *kept}
    hashes = {0: GENESIS}
    previous, expected = GENESIS, 0
    with connection.execute(_whole(tenant_id).execution_options(yield_per=5_000)) as rows:
        for row in rows:
            expected += 1
            previous = link(previous, row.seq, row.kind, row.at, row.lead_id, row.commitment)
            committed = row.body is None or commit(row.salt, row.body) == row.commitment
            if row.seq != expected or previous != row.hash or not committed:
                return Verification(expected, expected)
            if expected in wanted:
                hashes[expected] = previous
    after = heads.find(connection, tenant_id) or before
    if not before.seq <= expected <= after.seq or hashes.get(before.seq) != before.hash:
        return Verification(expected, min(before.seq, expected) + 1)
    unlike = min((seq for seq, known in kept.items() if hashes.get(seq) != known), default=None)
    return Verification(expected, None, *heads.judge(connection, tenant_id, before, hashes), unlike)


def _whole(tenant_id: UUID) -> sa.Select[Any]:
    same = sa.and_(ledger.c.tenant_id == ledger_payloads.c.tenant_id, ledger.c.seq == ledger_payloads.c.seq)
    joined = sa.select(ledger, ledger_payloads.c.salt, ledger_payloads.c.body)
    query = joined.select_from(ledger.outerjoin(ledger_payloads, same))
    return query.where(ledger.c.tenant_id == tenant_id).order_by(ledger.c.seq)


@dataclass(frozen=True, slots=True)
class Kept:
    """An entry as it is kept; ``body`` is None once it was erased. ``intact``: the body is the committed one."""

    seq: int
    at: datetime
    lead_id: int | None
    body: Mapping[str, Any] | None
    intact: bool


def span(connection: Connection, tenant_id: UUID, kind: str, first: int = 1, last: int | None = None) -> Sequence[Kept]:
    """Return the entries of a kind between two sequence numbers, both included (``last`` None: to the newest)."""
    query = _bodies(tenant_id, kind).where(ledger.c.seq >= first)
    if last is not None:
        query = query.where(ledger.c.seq <= last)
    return _kept(connection, query.order_by(ledger.c.seq))


def entries_of(connection: Connection, tenant_id: UUID, kind: str, numbers: Sequence[int]) -> Sequence[Kept]:
    """Return the entries of a kind with these sequence numbers."""
    return _kept(connection, _bodies(tenant_id, kind).where(ledger.c.seq.in_(numbers)).order_by(ledger.c.seq))


def newest(connection: Connection, tenant_id: UUID, kind: str, lead_id: int, until: datetime | None) -> Kept | None:
    """Return a lead's newest entry of a kind (of those at or before ``until``), if there is one."""
    query = _bodies(tenant_id, kind).where(ledger.c.lead_id == lead_id)
    if until is not None:
        query = query.where(ledger.c.at <= until)
    found = _kept(connection, query.order_by(ledger.c.seq.desc()).limit(1))
    return found[0] if found else None


def latest(
    connection: Connection,
    tenant_id: UUID,
    kind: str,
    lead_id: int,
    upto: int | None,
    count: int,
    joined: Collection[int] = (),
) -> Sequence[Kept]:
    """Return a lead's entries of a kind up to the sequence number ``upto`` (None: all), the newest ``count``,
    newest first.

    Those of the leads that ``joined`` it (``successions.joined``) are among them.
    """
    query = _bodies(tenant_id, kind).where(ledger.c.lead_id.in_([lead_id, *joined]))
    if upto is not None:
        query = query.where(ledger.c.seq <= upto)
    return _kept(connection, query.order_by(ledger.c.seq.desc()).limit(count))


def _bodies(tenant_id: UUID, kind: str) -> sa.Select[Any]:
    same = sa.and_(ledger.c.tenant_id == ledger_payloads.c.tenant_id, ledger.c.seq == ledger_payloads.c.seq)
    columns = (
        ledger.c.seq,
        ledger.c.at,
        ledger.c.lead_id,
        ledger.c.commitment,
        ledger_payloads.c.salt,
        ledger_payloads.c.body,
    )
    whole = sa.select(*columns).select_from(ledger.outerjoin(ledger_payloads, same))
    return whole.where(ledger.c.tenant_id == tenant_id, ledger.c.kind == kind)


def _kept(connection: Connection, query: sa.Select[Any]) -> Sequence[Kept]:
    return [
        Kept(
            row.seq,
            row.at,
            row.lead_id,
            json.loads(row.body) if row.body is not None else None,
            row.body is None or commit(row.salt, row.body) == row.commitment,
        )
        for row in connection.execute(query)
    ]


def of_lead(
    connection: Connection, tenant_id: UUID, lead_id: int, limit: int | None, joined: Collection[int] = ()
) -> Sequence[AnyRow]:
    """Return the newest entries (``limit`` None: all) of a lead, and of those that ``joined`` it, newest first.

    Each is (seq, kind, at, lead_id, body).
    """
    same = sa.and_(ledger.c.tenant_id == ledger_payloads.c.tenant_id, ledger.c.seq == ledger_payloads.c.seq)
    query = (
        sa.select(ledger.c.seq, ledger.c.kind, ledger.c.at, ledger.c.lead_id, ledger_payloads.c.body)
        .select_from(ledger.outerjoin(ledger_payloads, same))
        .where(ledger.c.tenant_id == tenant_id, ledger.c.lead_id.in_([lead_id, *joined]))
        .order_by(ledger.c.seq.desc())
        .limit(limit)
    )
    return connection.execute(query).all()
