"""Which records are the same person: what identity reads, and what it decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store import outbox
from connector.store.successions import Left
from connector.store.tables import companies, leads, links, records
from connector.store.types import AnyRow

_COMPANY = sa.and_(companies.c.connection_id == records.c.connection_id, companies.c.vendor_id == records.c.company_id)
_one, _other = records.alias("one"), records.alias("other")
_COLUMNS = (
    records.c.id,
    records.c.lead_id,
    records.c.connection_id,
    records.c.vendor_id,
    records.c.email,
    records.c.created_at,
    records.c.company_id,
    records.c.apart,
    companies.c.domain.label("domain"),
)
_TELLING = sa.func.coalesce(records.c.email, "") + "\n" + sa.func.coalesce(records.c.company_id, "")
"""What identity goes by: a record whose value differs from the one that it was identified as is seen again."""


def unidentified(
    connection: Connection, tenant_id: UUID, limit: int, record_ids: Sequence[int] | None = None
) -> Sequence[AnyRow]:
    """Return records (of ``record_ids``, if given) that are new or whose address or company changed, oldest first.

    One that left the CRM counts where another record is linked to it: its past is the person's; and where another
    record of the person is gone for good, so that nothing of that one stays in what is known of the person.
    """
    asked: dict[str, Any] = {"owner": tenant_id, "most": limit}
    if record_ids is None:
        return connection.execute(_UNIDENTIFIED, asked).all()
    return connection.execute(_UNIDENTIFIED_OF, {**asked, "those": list(record_ids)}).all()


def _linked_to() -> sa.ColumnElement[bool]:
    return records.c.vendor_id.in_(sa.select(links.c.vendor_id).where(links.c.tenant_id == sa.bindparam("owner")))


_LEFT = sa.and_(records.c.identified_as.is_(None), records.c.lead_id.is_not(None))
"""To be looked at again: another record of the person was erased."""

_UNIDENTIFIED = (
    sa.select(*_COLUMNS, _TELLING.label("telling"))
    .select_from(records.outerjoin(companies, _COMPANY))
    .where(records.c.tenant_id == sa.bindparam("owner"), sa.or_(records.c.removed_at.is_(None), _linked_to(), _LEFT))
    .where(records.c.identified_as.is_distinct_from(_TELLING))
    .order_by(records.c.created_at, records.c.id)
    .limit(sa.bindparam("most"))
)
_UNIDENTIFIED_OF = _UNIDENTIFIED.where(records.c.id.in_(sa.bindparam("those", expanding=True)))


def of_leads(connection: Connection, tenant_id: UUID, lead_ids: Sequence[int]) -> Sequence[AnyRow]:
    """Return all records of these leads, those that left the CRM among them: their past is the person's."""
    query = (
        sa.select(*_COLUMNS)
        .select_from(records.outerjoin(companies, _COMPANY))
        .where(records.c.tenant_id == tenant_id, records.c.lead_id.in_(lead_ids))
    )
    return connection.execute(query).all()


def assign(connection: Connection, joins: Sequence[Mapping[str, Any]]) -> list[Left]:
    """Give records their person; return which left another one.

    Each join is ``record``, ``lead``, ``reason``, ``own`` key and ``telling``.
    """
    statement = (
        sa.update(records)
        .where(records.c.id == sa.bindparam("record"))
        .values(
            lead_id=sa.bindparam("lead"),
            join_reason=sa.bindparam("reason"),
            person_key=sa.bindparam("own"),
            identified_as=sa.bindparam("telling"),
        )
    )
    if not joins:
        return []
    left = _disown(connection, joins)
    connection.execute(statement, list(joins))
    return left


def _disown(connection: Connection, joins: Sequence[Mapping[str, Any]]) -> list[Left]:
    wanted = {join["record"]: join["lead"] for join in joins}
    query = sa.select(records.c.id, records.c.lead_id).where(records.c.id.in_(wanted), records.c.lead_id.is_not(None))
    left = [Left(row.lead_id, row.id) for row in connection.execute(query) if row.lead_id != wanted[row.id]]
    if left:
        outbox.disown(connection, [item.record_id for item in left])
    return left


def linked(connection: Connection, tenant_id: UUID, keys: Sequence[str] | None = None) -> Sequence[tuple[str, str]]:
    """Return pairs of person keys that a CRM's own links join (with one of ``keys``, if given).

    Links of records set apart do not count.
    """
    query = (
        sa.select(_one.c.person_key, _other.c.person_key)
        .select_from(links.join(_one, _one.c.id == links.c.record_id))
        .join(_other, sa.and_(_other.c.connection_id == _one.c.connection_id, _other.c.vendor_id == links.c.vendor_id))
        .where(links.c.tenant_id == tenant_id, ~_one.c.apart, ~_other.c.apart)
        .where(_one.c.person_key.is_not(None), _other.c.person_key.is_not(None))
    )
    if keys is not None:
        query = query.where(sa.or_(_one.c.person_key.in_(keys), _other.c.person_key.in_(keys)))
    return [(first, second) for first, second in connection.execute(query)]


def beside(connection: Connection, tenant_id: UUID, record_ids: Sequence[int]) -> set[int]:
    """Return records that these are linked to, or that are linked to them."""
    asked = {"owner": tenant_id, "those": list(record_ids)}
    return {record for half in _BESIDE for pair in connection.execute(half, asked) for record in pair}


_PAIRS = (
    sa.select(_one.c.id, _other.c.id)
    .select_from(links.join(_one, _one.c.id == links.c.record_id))
    .join(_other, sa.and_(_other.c.connection_id == _one.c.connection_id, _other.c.vendor_id == links.c.vendor_id))
    .where(links.c.tenant_id == sa.bindparam("owner"))
)
# Two questions: each has an index of its own.
_BESIDE = [_PAIRS.where(side.c.id.in_(sa.bindparam("those", expanding=True))) for side in (_one, _other)]
_LEADS_OF = sa.select(records.c.lead_id).where(
    records.c.tenant_id == sa.bindparam("owner"),
    records.c.id.in_(sa.bindparam("those", expanding=True)),
    records.c.lead_id.is_not(None),
)


def leads_of(connection: Connection, tenant_id: UUID, record_ids: Sequence[int]) -> set[int]:
    """Return the leads of these records, open or not."""
    return set(connection.execute(_LEADS_OF, {"owner": tenant_id, "those": list(record_ids)}).scalars())


def keys_of_leads(connection: Connection, tenant_id: UUID, lead_ids: Sequence[int]) -> set[str]:
    """Return the person keys of all records of these leads."""
    where = sa.and_(records.c.tenant_id == tenant_id, records.c.lead_id.in_(lead_ids))
    query = sa.select(records.c.person_key).where(where, records.c.person_key.is_not(None))
    return set(connection.execute(query.distinct()).scalars())


def homes(connection: Connection, tenant_id: UUID, keys: Sequence[str]) -> Sequence[tuple[int, str, str]]:
    """Return (lead, person key, the lead's own key) of the records of these person keys."""
    where = sa.and_(records.c.tenant_id == tenant_id, records.c.person_key.in_(keys))
    query = sa.select(leads.c.id, records.c.person_key, leads.c.key).join(records, records.c.lead_id == leads.c.id)
    return [(lead, key, home) for lead, key, home in connection.execute(query.where(where).distinct())]


def displaced(connection: Connection, tenant_id: UUID) -> set[str]:
    """Return the person keys of records that now belong to a lead of another key."""
    query = (
        sa.select(records.c.person_key)
        .join(leads, leads.c.id == records.c.lead_id)
        .where(records.c.tenant_id == tenant_id, records.c.person_key != leads.c.key)
    )
    return set(connection.execute(query.distinct()).scalars())


def move(connection: Connection, tenant_id: UUID, key: str, lead_id: int, reason: str) -> list[Left]:
    """Give all records of a person key to a lead; return which left another one."""
    r = records.c
    where = sa.and_(r.tenant_id == tenant_id, r.person_key == key, r.lead_id.is_distinct_from(lead_id))
    found = connection.execute(sa.select(r.id, r.lead_id).where(where)).all()
    if found:
        ids = [row.id for row in found]
        outbox.disown(connection, ids)
        values = {"lead_id": lead_id, "join_reason": reason}
        connection.execute(sa.update(records).where(r.id.in_(ids)).values(values))
    return [Left(row.lead_id, row.id) for row in found if row.lead_id is not None]


def set_apart(connection: Connection, tenant_id: UUID, record_id: int, *, apart: bool) -> bool:
    """Take a record out of every join, or let it join again; tell whether the tenant has it. Identity sees it anew."""
    where = sa.and_(records.c.tenant_id == tenant_id, records.c.id == record_id)
    return connection.execute(sa.update(records).where(where).values(apart=apart, identified_as=None)).rowcount == 1


def joined(connection: Connection, tenant_id: UUID, limit: int, after: int = 0) -> Sequence[AnyRow]:
    """Return the open records of leads that have several, and those set apart, lead by lead from the one ``after``."""
    r = records.c
    open_ones = sa.and_(r.tenant_id == tenant_id, r.removed_at.is_(None), r.lead_id.is_not(None))
    several = sa.select(r.lead_id).where(open_ones).group_by(r.lead_id).having(sa.func.count() > 1)
    query = (
        sa.select(r.lead_id, r.id, r.connection_id, r.vendor_id, r.email, r.join_reason, r.apart, r.properties)
        .where(open_ones, r.lead_id > after, sa.or_(r.lead_id.in_(several), r.apart))
        .order_by(r.lead_id, r.id)
    )
    return connection.execute(query.limit(limit)).all()
