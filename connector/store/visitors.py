"""Who visits a tenant's sites: a name that the browser made up, and the mailbox behind it once that was told.

A visitor's name is one person's until another address is told; from then on it is the next *turn*'s, so that nobody
inherits what someone else did in the same browser.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.bulk import Row, upsert
from connector.store.tables import records, visitors

_IN_CHUNK = 1_000


@dataclass(frozen=True, slots=True)
class Visitor:
    """The newest turn of a visitor's name; ``mailbox`` is None as long as nobody said who that is."""

    id: int
    turn: int
    mailbox: str | None


def newest(connection: Connection, site_id: UUID, names: Iterable[str]) -> dict[str, Visitor]:
    """Return name → newest turn of those that the site knows."""
    v = visitors.c
    query = sa.select(v.name, v.id, v.turn, v.mailbox).where(v.site_id == site_id, v.name.in_(sorted(set(names))))
    return {row.name: Visitor(row.id, row.turn, row.mailbox) for row in connection.execute(query.order_by(v.turn))}


def add(connection: Connection, rows: Sequence[Row]) -> None:
    """Add turns unless they are there: ``site_id``, ``tenant_id``, ``name``, ``turn``, ``mailbox``, both times."""
    upsert(connection, visitors, rows, key=("site_id", "name", "turn"))


def identify(connection: Connection, visitor_id: int, mailbox: str, now: datetime) -> bool:
    """Say who a visitor is; False where somebody said so before."""
    where = sa.and_(visitors.c.id == visitor_id, visitors.c.mailbox.is_(None))
    values = {"mailbox": mailbox, "identified_at": now}
    return connection.execute(sa.update(visitors).where(where).values(values)).rowcount == 1


def with_records(connection: Connection, tenant_id: UUID, person_keys: Iterable[str]) -> set[str]:
    """Return those of ``person_keys`` that some record of the tenant is joined by."""
    wanted = sorted(set(person_keys))
    query = sa.select(records.c.person_key).where(
        records.c.tenant_id == tenant_id, records.c.person_key.in_(wanted), records.c.lead_id.is_not(None)
    )
    return set(connection.execute(query.distinct()).scalars()) if wanted else set()


def join(connection: Connection, tenant_id: UUID, key_of: Mapping[str, str]) -> int:
    """Give visitors of these mailboxes (hash → person key) to their person; return how many were waiting."""
    v = visitors.c
    waiting = sa.and_(v.tenant_id == tenant_id, v.mailbox == sa.bindparam("hash"), v.person_key.is_(None))
    statement = sa.update(visitors).where(waiting).values(person_key=sa.bindparam("key"))
    rows = [{"hash": mailbox, "key": key} for mailbox, key in key_of.items()]
    return connection.execute(statement, rows).rowcount if rows else 0


def part_lost(connection: Connection, tenant_id: UUID) -> int:
    """Let visitors wait again whose person no record is joined by any more; return how many."""
    v, r = visitors.c, records.c
    held = sa.select(r.id).where(r.tenant_id == tenant_id, r.person_key == v.person_key, r.lead_id.is_not(None))
    lost = sa.and_(v.tenant_id == tenant_id, v.person_key.is_not(None), ~held.exists())
    return connection.execute(sa.update(visitors).where(lost).values(person_key=None)).rowcount


def waiting(connection: Connection, tenant_id: UUID) -> set[str]:
    """Return the mailboxes (hashes) that no record is known of yet."""
    v = visitors.c
    query = sa.select(v.mailbox).where(v.tenant_id == tenant_id, v.person_key.is_(None), v.mailbox.is_not(None))
    return set(connection.execute(query.distinct()).scalars())


def person_keys(connection: Connection, tenant_id: UUID) -> Sequence[str]:
    """Return what a tenant's records are joined by, each once, where that is a mailbox."""
    r = records.c
    query = sa.select(r.person_key).where(
        r.tenant_id == tenant_id, r.person_key.startswith("email:"), r.lead_id.is_not(None)
    )
    return list(connection.execute(query.distinct()).scalars())


def leads_of(connection: Connection, tenant_id: UUID, visitor_ids: Iterable[int]) -> set[int]:
    """Return the leads behind visitors."""
    mine = sa.select(visitors.c.person_key).where(visitors.c.id.in_(sorted(set(visitor_ids))))
    r = records.c
    query = sa.select(r.lead_id).where(r.tenant_id == tenant_id, r.person_key.in_(mine), r.lead_id.is_not(None))
    return set(connection.execute(query.distinct()).scalars())


def forget(connection: Connection, tenant_id: UUID, keys: Mapping[str, str]) -> int:
    """Delete all visitors of these mailboxes (hash → person key) with what they did; return how many."""
    v = visitors.c
    wanted, gone = sorted(keys), 0
    for start in range(0, len(wanted), _IN_CHUNK):
        some = wanted[start : start + _IN_CHUNK]
        same = sa.or_(v.mailbox.in_(some), v.person_key.in_([keys[mailbox] for mailbox in some]))
        gone += connection.execute(sa.delete(visitors).where(v.tenant_id == tenant_id, same)).rowcount
    return gone
