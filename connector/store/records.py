"""The CRMs' own objects for persons, and their companies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.records import Company, Record, Removal
from connector.store import anchors, fields, successions
from connector.store.bulk import upsert
from connector.store.searching import keys_of
from connector.store.tables import changes, companies, conversions, events, links, outbox, records
from connector.store.types import AnyRow

_IN_CHUNK = 5_000
_IDENTITY = ("tenant_id", "connection_id", "vendor_id")


def save(
    connection: Connection, tenant_id: UUID, connection_id: UUID, found: Sequence[Record], seen_at: datetime
) -> None:
    """Insert or refresh records; a record that came back from the archive is open again.

    ``seen_at`` is when the CRM was asked. Two workers may have asked about the same record: what the CRM
    changed later stays, and one that left after ``seen_at`` is not brought back.
    """
    roles = fields.roles_of(connection, connection_id) if found else {}
    rows = [
        {
            "tenant_id": tenant_id,
            "connection_id": connection_id,
            "vendor_id": item.record_id,
            "email": item.email,
            "company_id": item.company_id,
            "company_since": item.company_since,
            "values_since": item.values_since,
            "created_at": item.created_at,
            "modified_at": item.modified_at,
            "properties": dict(item.properties),
            "removed_at": None,
            "seen_at": seen_at,
            **keys_of(item.properties, roles),
        }
        for item in found
    ]
    refreshed = tuple(name for name in (rows[0] if rows else ()) if name not in _IDENTITY)
    upsert(connection, records, rows, key=("connection_id", "vendor_id"), update=refreshed, where=_no_older)
    _save_links(connection, tenant_id, connection_id, [item for item in found if item.same_as])


def _no_older(fresh: Any) -> sa.ColumnElement[bool]:
    there = sa.or_(records.c.removed_at.is_(None), records.c.removed_at <= fresh.seen_at)
    return sa.and_(fresh.modified_at >= records.c.modified_at, there)


def _save_links(connection: Connection, tenant_id: UUID, connection_id: UUID, linked: Sequence[Record]) -> None:
    known = ids_by_vendor_id(connection, connection_id, {item.record_id for item in linked})
    rows = [
        {"record_id": known[item.record_id], "vendor_id": other, "tenant_id": tenant_id}
        for item in linked
        for other in item.same_as
    ]
    upsert(connection, links, rows, key=("record_id", "vendor_id"))


def save_companies(connection: Connection, tenant_id: UUID, connection_id: UUID, found: Sequence[Company]) -> None:
    """Insert or refresh companies."""
    rows = [
        {
            "tenant_id": tenant_id,
            "connection_id": connection_id,
            "vendor_id": item.company_id,
            "name": item.name,
            "domain": item.domain,
            "properties": dict(item.properties),
            "modified_at": item.modified_at,
        }
        for item in found
    ]
    refreshed = ("name", "domain", "properties", "modified_at")
    upsert(connection, companies, rows, key=("connection_id", "vendor_id"), update=refreshed)


def ids_by_vendor_id(connection: Connection, connection_id: UUID, vendor_ids: Iterable[str]) -> dict[str, int]:
    """Return vendor id → our record id for those that are known."""
    return _lookup(connection, connection_id, _BY_VENDOR_ID, vendor_ids)


def leads_by_vendor_id(connection: Connection, connection_id: UUID, vendor_ids: Iterable[str]) -> dict[str, int]:
    """Return vendor id → lead for those whose record has one."""
    mine = sa.and_(records.c.connection_id == connection_id, records.c.vendor_id.in_(sorted(vendor_ids)))
    query = sa.select(records.c.vendor_id, records.c.lead_id).where(mine, records.c.lead_id.is_not(None))
    return {row.vendor_id: row.lead_id for row in connection.execute(query)}


def ids_by_email(connection: Connection, connection_id: UUID, emails: Iterable[str]) -> dict[str, int]:
    """Return e-mail address → our record id for those that are known."""
    return _lookup(connection, connection_id, _BY_EMAIL, emails)


def _named(column: sa.Column[str]) -> sa.Select[Any]:
    mine = sa.and_(
        records.c.connection_id == sa.bindparam("account"), column.in_(sa.bindparam("names", expanding=True))
    )
    return sa.select(column, records.c.id).where(mine)


_BY_VENDOR_ID, _BY_EMAIL = _named(records.c.vendor_id), _named(records.c.email)
"""Made once: asked several times for every page, and for every lead that comes alone."""


def _lookup(
    connection: Connection, connection_id: UUID, query: sa.Select[Any], wanted: Iterable[str]
) -> dict[str, int]:
    values = sorted(set(wanted))
    found: dict[str, int] = {}
    for start in range(0, len(values), _IN_CHUNK):
        asked = {"account": connection_id, "names": values[start : start + _IN_CHUNK]}
        for key, record_id in connection.execute(query, asked):
            found[key] = record_id
    return found


def remove(connection: Connection, connection_id: UUID, gone: Sequence[Removal]) -> None:
    """Apply what left the CRM: archive, merge into the survivor, or erase."""
    known = ids_by_vendor_id(connection, connection_id, _mentioned(gone))
    for item in gone:
        record_id = known.get(item.record_id)
        if record_id is None:
            continue
        survivor = known.get(item.merged_into) if item.merged_into else None
        if survivor is not None and survivor != record_id:
            _move_history(connection, record_id, survivor)
            _keep_objection(connection, record_id, survivor)
            anchors.merge(connection, record_id, survivor)
            _keep_past(connection, record_id, survivor, item.at)
        if item.erased:
            _look_again(connection, record_id)
            connection.execute(sa.delete(records).where(records.c.id == record_id))
            continue
        connection.execute(sa.update(records).where(records.c.id == record_id).values(removed_at=item.at))
        connection.execute(sa.delete(outbox).where(outbox.c.record_id == record_id))


def _look_again(connection: Connection, record_id: int) -> None:
    """Let identity see the other records of a person anew: without this one they may be other persons, or younger."""
    mine = sa.select(records.c.lead_id).where(records.c.id == record_id).scalar_subquery()
    connection.execute(sa.update(records).where(records.c.lead_id == mine).values(identified_as=None))


def _mentioned(gone: Sequence[Removal]) -> set[str]:
    return {item.record_id for item in gone} | {item.merged_into for item in gone if item.merged_into}


def _move_history(connection: Connection, loser: int, survivor: int) -> None:
    """Give a merged record's events and outcomes to the survivor, so that no label is counted twice."""
    for table in (events, conversions):
        connection.execute(sa.update(table).where(table.c.record_id == loser).values(record_id=survivor))
    connection.execute(sa.delete(changes).where(changes.c.record_id == loser))


def _keep_objection(connection: Connection, loser: int, survivor: int) -> None:
    """Let a merged record's word against profiling be the survivor's."""
    told = sa.select(records.c.objected_at).where(records.c.id == loser).scalar_subquery()
    silent = sa.and_(records.c.id == survivor, records.c.objected_at.is_(None))
    connection.execute(sa.update(records).where(silent).values(objected_at=told))


def _keep_past(connection: Connection, loser: int, survivor: int, at: datetime) -> None:
    """Let the survivor's person be the heir of the merged record's, if that has no other."""
    query = sa.select(records.c.tenant_id, records.c.lead_id).where(
        records.c.id == loser, records.c.lead_id.is_not(None)
    )
    for row in connection.execute(query).all():
        successions.note(connection, row.tenant_id, [successions.Left(row.lead_id, survivor)], at)


def of_lead(connection: Connection, tenant_id: UUID, lead_ids: Sequence[int]) -> Sequence[AnyRow]:
    """Return (lead id, record id, connection id, vendor id) of open records of these leads."""
    return connection.execute(_OPEN_OF_LEADS, {"owner": tenant_id, "persons": list(lead_ids)}).all()


_OPEN_OF_LEADS = (
    sa.select(records.c.lead_id, records.c.id, records.c.connection_id, records.c.vendor_id)
    .where(
        records.c.tenant_id == sa.bindparam("owner"),
        records.c.lead_id.in_(sa.bindparam("persons", expanding=True)),
        records.c.removed_at.is_(None),
    )
    .order_by(records.c.id)
)


def named(connection: Connection, tenant_id: UUID, connection_id: UUID, vendor_id: str) -> AnyRow | None:
    """Return (id, lead_id, removed_at) of a tenant's record by its id in an account; None where it is not known."""
    c = records.c
    mine = sa.and_(c.tenant_id == tenant_id, c.connection_id == connection_id, c.vendor_id == vendor_id)
    return connection.execute(sa.select(c.id, c.lead_id, c.removed_at).where(mine)).one_or_none()


def properties_of(connection: Connection, record_ids: Sequence[int]) -> dict[int, Mapping[str, str]]:
    """Return record id → current properties."""
    query = sa.select(records.c.id, records.c.properties).where(records.c.id.in_(record_ids))
    return {row.id: row.properties for row in connection.execute(query)}


def of_persons(
    connection: Connection,
    tenant_id: UUID,
    *,
    lead_ids: Sequence[int] = (),
    vendor: tuple[UUID, str] | None = None,
    person_key: str | None = None,
    email: str | None = None,
) -> Sequence[AnyRow]:
    """Return records, open or not, by any of what is given, as (id, lead id, connection id, vendor id, …).

    ``written``: the CRM was given our values, or is just being given them.
    """
    c = records.c
    wanted = [c.lead_id.in_(lead_ids), c.person_key == person_key, c.email == email]
    if vendor is not None:
        wanted.append(sa.and_(c.connection_id == vendor[0], c.vendor_id == vendor[1]))
    ever = sa.or_(outbox.c.delivered_at.is_not(None), outbox.c.attempts > 0, outbox.c.claim.is_not(None))
    written = sa.select(outbox.c.record_id).where(outbox.c.record_id == c.id, ever).exists().label("written")
    query = sa.select(c.id, c.lead_id, c.connection_id, c.vendor_id, c.email, c.removed_at, written)
    return connection.execute(query.where(c.tenant_id == tenant_id, sa.or_(*wanted)).order_by(c.id)).all()


def addresses_of(connection: Connection, connection_id: UUID, vendor_ids: Sequence[str]) -> set[str]:
    """Return every address that these records have or had, as far as the CRM tells the history of their field."""
    found: set[str] = set()
    for start in range(0, len(vendor_ids), _IN_CHUNK):
        mine = sa.and_(
            records.c.connection_id == connection_id, records.c.vendor_id.in_(vendor_ids[start : start + _IN_CHUNK])
        )
        query = sa.select(records.c.id, records.c.email, records.c.properties).where(mine, records.c.email.is_not(None))
        for row in connection.execute(query).all():
            fields = [name for name, value in row.properties.items() if value == row.email]
            past = sa.select(changes.c.value).where(changes.c.record_id == row.id, changes.c.name.in_(fields))
            found |= {row.email, *(value for value in connection.execute(past).scalars() if value)}
    return found


def count_open(connection: Connection, connection_id: UUID) -> int:
    """Return how many records of a connection are not removed."""
    where = sa.and_(records.c.connection_id == connection_id, records.c.removed_at.is_(None))
    return connection.execute(sa.select(sa.func.count()).select_from(records).where(where)).scalar_one()


def left_at(connection: Connection, tenant_id: UUID, lead_id: int) -> datetime | None:
    """Return when the last record of a lead left its CRM; None where one is open, or none is held any more."""
    mine = sa.and_(records.c.tenant_id == tenant_id, records.c.lead_id == lead_id)
    total, gone = sa.func.count(), sa.func.count(records.c.removed_at)
    row = connection.execute(sa.select(total, gone, sa.func.max(records.c.removed_at)).where(mine)).one()
    return row[2] if row[0] == row[1] else None
