"""What ended leads leave: who they became, and by what an erasure finds those who became nobody.

A lead that joins another has no open record any more; what its entries in the ledger say is kept. Its heir is whoever
has the records that it had, or that its own were merged into, so that a join that is taken back, and a chain of joins,
need no further word. Where such records themselves go by their time, keyed hashes of them stay (``bury``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store import ledger
from connector.store.bulk import upsert
from connector.store.tables import feedback, lead_marks, leads, ledger_payloads, records, successions
from connector.store.tables import ledger as entries
from connector.store.types import AnyRow

_IN_CHUNK = 1_000
_s, _m, _own = successions.c, lead_marks.c, records.alias("own").c


@dataclass(frozen=True, slots=True)
class Left:
    """A record that went from one lead to another, or that the lead's own was merged into."""

    lead_id: int
    record_id: int


def _ended(tenant_id: UUID, lead_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """Whether a lead has no open record: whoever has those that it had speaks for it."""
    return ~sa.exists().where(_own.tenant_id == tenant_id, _own.lead_id == lead_id, _own.removed_at.is_(None))


def note(connection: Connection, tenant_id: UUID, left: Iterable[Left], now: datetime) -> None:
    """Note that records left their leads, which may end by it. To be called before :func:`settle` in the same pass."""
    rows = [
        {"lead_id": item.lead_id, "record_id": item.record_id, "tenant_id": tenant_id, "at": now}
        for item in dict.fromkeys(left)
    ]
    upsert(connection, successions, rows, key=("lead_id", "record_id"), update=("at",))


def settle(connection: Connection, tenant_id: UUID, lead_ids: Sequence[int] | None = None) -> None:
    """Take back what was noted of leads (of ``lead_ids``, if given) that live on without the records that left."""
    whose = sa.and_(_s.tenant_id == tenant_id, ~_ended(tenant_id, _s.lead_id))
    if lead_ids is not None:
        whose = sa.and_(whose, _s.lead_id.in_(lead_ids))
    connection.execute(sa.delete(successions).where(whose))


def joined(connection: Connection, tenant_id: UUID, lead_id: int) -> Sequence[AnyRow]:
    """Return (lead_id, at) of the leads that ended by joining this one, straight or by others, the latest first."""
    mine = sa.select(records.c.id).where(records.c.tenant_id == tenant_id, records.c.lead_id == lead_id)
    query = (
        sa.select(_s.lead_id, sa.func.max(_s.at).label("at"))
        .where(_s.tenant_id == tenant_id, _s.record_id.in_(mine), _s.lead_id != lead_id)
        .where(_ended(tenant_id, _s.lead_id))
        .group_by(_s.lead_id)
        .order_by(sa.func.max(_s.at).desc(), _s.lead_id)
    )
    return connection.execute(query).all()


def heirs(connection: Connection, tenant_id: UUID, lead_id: int) -> Sequence[AnyRow]:
    """Return (lead_id, at) of the leads that an ended one became: several where its records were parted since."""
    query = (
        sa.select(records.c.lead_id, sa.func.max(_s.at).label("at"))
        .join(records, records.c.id == _s.record_id)
        .where(_s.tenant_id == tenant_id, _s.lead_id == lead_id, records.c.lead_id != lead_id)
        .where(_ended(tenant_id, _s.lead_id))
        .group_by(records.c.lead_id)
        .order_by(records.c.lead_id)
    )
    return connection.execute(query).all()


def of_records(connection: Connection, tenant_id: UUID, record_ids: Collection[int]) -> set[int]:
    """Return the ended leads that had any of these records when they ended."""
    return {row.lead_id for row in _anchors(connection, tenant_id, record_ids)}


def _anchors(connection: Connection, tenant_id: UUID, record_ids: Collection[int]) -> list[AnyRow]:
    wanted = sorted(record_ids)
    found: list[AnyRow] = []
    for start in range(0, len(wanted), _IN_CHUNK):
        query = sa.select(_s.lead_id, _s.record_id, _s.at).where(
            _s.tenant_id == tenant_id,
            _s.record_id.in_(wanted[start : start + _IN_CHUNK]),
            _ended(tenant_id, _s.lead_id),
        )
        found += connection.execute(query).all()
    return found


def marked(connection: Connection, tenant_id: UUID, marks: Iterable[str]) -> set[int]:
    """Return the ended leads that any of these keyed hashes belongs to."""
    wanted = sorted(set(marks))
    found: set[int] = set()
    for start in range(0, len(wanted), _IN_CHUNK):
        some = sa.and_(_m.tenant_id == tenant_id, _m.mark.in_(wanted[start : start + _IN_CHUNK]))
        found |= set(connection.execute(sa.select(_m.lead_id).where(some, _ended(tenant_id, _m.lead_id))).scalars())
    return found


def marks_of(connection: Connection, tenant_id: UUID, lead_id: int) -> list[str]:
    """Return the keyed hashes of a lead that became nobody; none for any other lead."""
    whose = sa.and_(_m.tenant_id == tenant_id, _m.lead_id == lead_id, _ended(tenant_id, _m.lead_id))
    succeeded = sa.exists().where(_s.tenant_id == tenant_id, _s.lead_id == lead_id)
    return sorted(connection.execute(sa.select(_m.mark).where(whose, ~succeeded).distinct()).scalars())


def bury(connection: Connection, tenant_id: UUID, going: Sequence[AnyRow], marks: Mapping[int, Sequence[str]]) -> None:
    """Prepare that records go by their time: their leads, and those who became these, stay findable.

    ``going`` are rows of records (id, lead_id, connection_id, removed_at), ``marks`` their keyed hashes by record id.
    An ended lead whose heir lives on without the record stays that heir's.
    """
    ids = [row.id for row in going]
    anchors = _anchors(connection, tenant_id, ids)
    by_id = {row.id: row for row in going}
    named = [(row.lead_id, row) for row in going if row.lead_id is not None]
    named += [(anchor.lead_id, by_id[anchor.record_id]) for anchor in anchors]
    rows = [
        {
            "lead_id": lead_id,
            "connection_id": row.connection_id,
            "mark": mark,
            "tenant_id": tenant_id,
            "at": row.removed_at,
        }
        for lead_id, row in named
        for mark in marks[row.id]
    ]
    upsert(connection, lead_marks, rows, key=("lead_id", "connection_id", "mark"), update=("at",))
    _hand_over(connection, tenant_id, by_id, anchors)


def _hand_over(connection: Connection, tenant_id: UUID, going: Mapping[int, AnyRow], anchors: Sequence[AnyRow]) -> None:
    r = records.c
    mine = sorted({lead for anchor in anchors if (lead := going[anchor.record_id].lead_id) is not None})
    rest = (
        sa.select(r.lead_id, sa.func.min(r.id).label("next"))
        .where(r.tenant_id == tenant_id, r.lead_id.in_(mine), r.id.not_in(list(going)))
        .group_by(r.lead_id)
    )
    next_of = {row.lead_id: row.next for row in connection.execute(rest)} if mine else {}
    rows = [
        {"lead_id": anchor.lead_id, "record_id": record, "tenant_id": tenant_id, "at": anchor.at}
        for anchor in anchors
        if (record := next_of.get(going[anchor.record_id].lead_id))
    ]
    upsert(connection, successions, rows, key=("lead_id", "record_id"))


def findable(connection: Connection, tenant_id: UUID, lead_ids: Collection[int]) -> set[int]:
    """Return those of these leads that an erasure finds without a record of their own."""
    wanted = sorted(lead_ids)
    found: set[int] = set()
    for start in range(0, len(wanted), _IN_CHUNK):
        some = wanted[start : start + _IN_CHUNK]
        for table in (successions, lead_marks):
            query = sa.select(table.c.lead_id).where(table.c.tenant_id == tenant_id, table.c.lead_id.in_(some))
            found |= set(connection.execute(query).scalars())
    return found


def forget_lost(connection: Connection, tenant_id: UUID, lead_ids: Collection[int]) -> None:
    """Delete what the ledger says of those of these ended leads that no erasure could find any more."""
    lost = sorted(set(lead_ids) - findable(connection, tenant_id, lead_ids))
    for start in range(0, len(lost), _IN_CHUNK):
        ledger.forget(connection, tenant_id, lost[start : start + _IN_CHUNK])


def forget(connection: Connection, tenant_id: UUID, lead_ids: Sequence[int]) -> None:
    """Delete what is kept here of leads; to be called once the ledger's bodies are gone."""
    for table in (successions, lead_marks):
        whose = sa.and_(table.c.tenant_id == tenant_id, table.c.lead_id.in_(lead_ids))
        connection.execute(sa.delete(table).where(whose))


def forget_account(connection: Connection, tenant_id: UUID, connection_id: UUID, limit: int) -> int:
    """Delete the marks of at most ``limit`` leads in an account, and what the ledger says of those without others."""
    query = sa.select(_m.lead_id).where(_m.tenant_id == tenant_id, _m.connection_id == connection_id)
    mine = list(connection.execute(query.distinct().order_by(_m.lead_id).limit(limit)).scalars())
    theirs = sa.and_(_m.tenant_id == tenant_id, _m.connection_id == connection_id, _m.lead_id.in_(mine))
    connection.execute(sa.delete(lead_marks).where(theirs))
    living = sa.select(leads.c.id).where(leads.c.tenant_id == tenant_id, leads.c.id.in_(mine))
    forget_lost(connection, tenant_id, set(mine).difference(connection.execute(living).scalars()))
    return len(mine)


def expire(connection: Connection, tenant_id: UUID, before: datetime, limit: int) -> int:
    """Delete at most ``limit`` bodies of entries, made ``before``, of leads that became nobody; return how many went.

    Thumbs are counted no more once what they say is gone.

    The marks of a lead go with its last body.
    """
    succeeded = sa.exists().where(_s.tenant_id == tenant_id, _s.lead_id == _m.lead_id)
    archived = sa.exists().where(_own.tenant_id == tenant_id, _own.lead_id == _m.lead_id)
    nobody = sa.and_(_m.tenant_id == tenant_id, ~archived, ~succeeded)
    theirs = sa.select(_m.lead_id).where(nobody)
    old = _told(tenant_id).where(entries.c.at < before, entries.c.lead_id.in_(theirs)).limit(limit)
    numbers = list(connection.execute(old).scalars())
    for table in (feedback, ledger_payloads):
        some = sa.and_(table.c.tenant_id == tenant_id, table.c.seq.in_(numbers))
        connection.execute(sa.delete(table).where(some))
    gone = len(numbers)
    if gone < limit:
        left = _told(tenant_id).where(entries.c.lead_id == _m.lead_id)
        connection.execute(sa.delete(lead_marks).where(nobody, ~left.exists()))
    return gone


def _told(tenant_id: UUID) -> sa.Select[tuple[int]]:
    """Sequence numbers of the entries that have a body still."""
    same = sa.and_(ledger_payloads.c.tenant_id == entries.c.tenant_id, ledger_payloads.c.seq == entries.c.seq)
    return sa.select(entries.c.seq).join(ledger_payloads, same).where(entries.c.tenant_id == tenant_id)


def last_seen(connection: Connection, tenant_id: UUID, lead_id: int) -> datetime | None:
    """Return when the last record of a lead whose records went by their time left its CRM; None for any other lead."""
    whose = sa.and_(_m.tenant_id == tenant_id, _m.lead_id == lead_id, _ended(tenant_id, _m.lead_id))
    found: datetime | None = connection.execute(sa.select(sa.func.max(_m.at)).where(whose)).scalar_one()
    return found
