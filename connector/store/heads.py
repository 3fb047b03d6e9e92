"""Heads of the ledgers: how far each chain goes, under a seal that the database alone can't make.

Whoever may write to the database can cut a chain off or compute it anew; the head that they leave carries no seal of
ours, and it never gets one again by itself: a head is sealed only where it follows a sealed one. What a seal can't
tell is an old head with its old seal put back; for that heads are written down elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.crypto import ChainSeal, Seal, sealed_entry
from connector.store.tables import ledger_heads

GENESIS = "0" * 64
CHAIN_SEAL = "chain_seal"
"""The option of an engine that holds its process's :class:`ChainSeal`."""

_FIND = sa.select(ledger_heads.c.seq, ledger_heads.c.hash, ledger_heads.c.seal).where(
    ledger_heads.c.tenant_id == sa.bindparam("owner")
)
_LOCK = _FIND.with_for_update()
_MOVE = (
    sa.update(ledger_heads)
    .where(ledger_heads.c.tenant_id == sa.bindparam("owner"))
    .values(seq=sa.bindparam("newest"), hash=sa.bindparam("link"), seal=sa.bindparam("proof"))
)
"""Made once: asked in every transaction that scores, joins or delivers."""


@dataclass(frozen=True, slots=True)
class Head:
    """Number and hash of a chain's newest entry, and the seal that stands on it or on an earlier one."""

    seq: int
    hash: str
    seal: str | None

    @property
    def sealed_to(self) -> int:
        """The entry that the seal names."""
        return sealed_entry(self.seal) if self.seal else 0


def find(connection: Connection, tenant_id: UUID, *, lock: bool = False) -> Head | None:
    """Return the head of a tenant's chain, None before its first entry; ``lock`` holds it to the transaction's end."""
    row = connection.execute(_LOCK if lock else _FIND, {"owner": tenant_id}).one_or_none()
    return Head(row.seq, row.hash, row.seal) if row else None


def move(connection: Connection, tenant_id: UUID, before: Head, after: Head) -> None:
    """Set the head from ``before``, which is locked, to ``after``; seal it where ``before`` was sealed or none yet."""
    maker = _maker(connection)
    seal = before.seal
    if maker is not None and _proven(maker, tenant_id, before):
        seal = maker.make(str(tenant_id), after.seq, after.hash)
    connection.execute(_MOVE, {"owner": tenant_id, "newest": after.seq, "link": after.hash, "proof": seal})


def seal(connection: Connection, tenant_id: UUID) -> None:
    """Seal a head as it stands, whatever seal it had: an operator's word, after the chain was verified."""
    maker, head = _maker(connection), find(connection, tenant_id, lock=True)
    if maker is not None and head is not None and head.seq:
        _save(connection, tenant_id, seal=maker.make(str(tenant_id), head.seq, head.hash))


def renew(connection: Connection, tenant_id: UUID) -> bool:
    """Seal a head with the newest key, if it carries a good seal of an older one; tell whether it did."""
    maker, head = _maker(connection), find(connection, tenant_id, lock=True)
    if maker is None or head is None or head.seal is None or not maker.needs_rotation(head.seal):
        return False
    if not head.seq or not _proven(maker, tenant_id, head):
        return False
    _save(connection, tenant_id, seal=maker.make(str(tenant_id), head.seq, head.hash))
    return True


def judge(connection: Connection, tenant_id: UUID, head: Head, hashes: Mapping[int, str]) -> tuple[Seal, int]:
    """Return what the seal of a head proves, and to which entry; ``hashes`` are those of the chain as recomputed."""
    maker = _maker(connection)
    if maker is None:
        return Seal.UNCHECKED, 0
    if head.seq == 0:
        return Seal.HOLDS, 0
    if head.seal is None:
        return Seal.MISSING, 0
    found = maker.check(head.seal, str(tenant_id), hashes.get(head.sealed_to, ""))
    if found is Seal.HOLDS and head.sealed_to != head.seq:
        found = Seal.BEHIND
    return found, head.sealed_to


def every(connection: Connection) -> Sequence[tuple[UUID, Head]]:
    """Return all heads, by tenant."""
    c = ledger_heads.c
    rows = connection.execute(sa.select(c.tenant_id, c.seq, c.hash, c.seal).order_by(c.tenant_id))
    return [(row.tenant_id, Head(row.seq, row.hash, row.seal)) for row in rows]


def unsealed_schema(connection: Connection) -> bool:
    """Whether the database holds heads of a release that knew no seals, before its migration."""
    found = sa.inspect(connection)
    if not found.has_table(ledger_heads.name):
        return False
    return all(column["name"] != ledger_heads.c.seal.name for column in found.get_columns(ledger_heads.name))


def _proven(maker: ChainSeal, tenant_id: UUID, head: Head) -> bool:
    if head.seq == 0:
        return head.hash == GENESIS
    if head.seal is None or head.sealed_to != head.seq:
        return False
    return maker.check(head.seal, str(tenant_id), head.hash) is Seal.HOLDS


def _maker(connection: Connection) -> ChainSeal | None:
    found: ChainSeal | None = connection.get_execution_options().get(CHAIN_SEAL)
    return found


def _save(connection: Connection, tenant_id: UUID, **values: Any) -> None:
    connection.execute(sa.update(ledger_heads).where(ledger_heads.c.tenant_id == tenant_id).values(**values))
