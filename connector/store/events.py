"""What happened: property changes, engagement events, conversions.

An event may be read before the person it names (index lag, another stream). It is
kept with its ``subject`` and resolved when the record is there; nothing is dropped.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.records import Actor, Conversion, EngagementEvent, EventKind, PropertyChange, Record, Retraction
from connector.store import records as record_store
from connector.store.bulk import Columns, upsert
from connector.store.tables import changes, conversions, events, records
from connector.store.types import AnyRow

_EMAIL = "email:"
_ID = "id:"

_text = str.__str__
"""An enumeration's word as a mere text, which drivers take without asking what it is."""


def save_changes(connection: Connection, tenant_id: UUID, connection_id: UUID, found: Sequence[PropertyChange]) -> None:
    """Keep property changes of records that were stored before in the same transaction."""
    known = record_store.ids_by_vendor_id(connection, connection_id, (item.record_id for item in found))
    told = _newest_values(connection, [item for item in found if item.observed], known)
    rows = [
        (known[item.record_id], item.name, item.at, item.value)
        for item in found
        if item.record_id in known and not (item.observed and (known[item.record_id], item.name, item.value) in told)
    ]
    columns = Columns(("record_id", "name", "at", "value"), rows, {"tenant_id": tenant_id})
    upsert(connection, changes, columns, key=("record_id", "name", "at"), update=("value",))


def _newest_values(
    connection: Connection, observed: Sequence[PropertyChange], known: Mapping[str, int]
) -> set[tuple[int, str, str | None]]:
    """Return (record, field, newest value) of the fields that were read anew."""
    ids = {known[item.record_id] for item in observed if item.record_id in known}
    if not ids:
        return set()
    asked = {"those": sorted(ids), "names": sorted({item.name for item in observed})}
    return {(record, name, value) for record, name, value in connection.execute(_NEWEST, asked)}


def _newest() -> sa.Select[Any]:
    c = changes.c
    place = sa.func.row_number().over(partition_by=(c.record_id, c.name), order_by=c.at.desc())
    those: sa.BindParameter[Any] = sa.bindparam("those", expanding=True)
    names: sa.BindParameter[Any] = sa.bindparam("names", expanding=True)
    ranked = (
        sa.select(c.record_id, c.name, c.value, place.label("place"))
        .where(c.record_id.in_(those), c.name.in_(names))
        .subquery()
    )
    return sa.select(ranked.c.record_id, ranked.c.name, ranked.c.value).where(ranked.c.place == 1)


_NEWEST = _newest()
"""Made once: asked for every page."""


def save_events(connection: Connection, tenant_id: UUID, connection_id: UUID, found: Sequence[EngagementEvent]) -> int:
    """Store events once each (by source and source id); return how many were new or changed."""
    by_id, by_email = _persons(connection, connection_id, found)
    rows = []
    for item in found:
        person = by_id.get(item.record_id) if item.record_id else by_email.get(item.email or "")
        subject = None if person is not None else _subject(item.record_id, item.email)
        rows.append(
            (item.source, item.source_id, person, subject, _text(item.kind), item.at, _text(item.actor), item.detail)
        )
    names = ("source", "source_id", "record_id", "subject", "kind", "at", "actor", "detail")
    columns = Columns(names, rows, {"tenant_id": tenant_id, "connection_id": connection_id})
    return upsert(connection, events, columns, key=("connection_id", "source", "source_id"), update=names[2:])


def _persons(
    connection: Connection, connection_id: UUID, found: Sequence[EngagementEvent]
) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """Return our record ids by the vendor's id and, of events that name no record, by address."""
    ids = {item.record_id for item in found if item.record_id}
    emails = {item.email for item in found if item.email and not item.record_id}
    by_id = record_store.ids_by_vendor_id(connection, connection_id, ids)
    return by_id, record_store.ids_by_email(connection, connection_id, emails)


def save_conversions(connection: Connection, tenant_id: UUID, connection_id: UUID, found: Sequence[Conversion]) -> None:
    """Store outcomes once each (by source and source id)."""
    known = record_store.ids_by_vendor_id(connection, connection_id, {item.record_id for item in found})
    rows = []
    for item in found:
        person = known.get(item.record_id)
        subject = None if person is not None else _subject(item.record_id, None)
        rows.append((item.source, item.source_id, person, subject, item.kind, item.at, item.amount, item.currency))
    names = ("source", "source_id", "record_id", "subject", "kind", "at", "amount", "currency")
    columns = Columns(names, rows, {"tenant_id": tenant_id, "connection_id": connection_id})
    upsert(connection, conversions, columns, key=("connection_id", "source", "source_id"), update=names[2:])


def retract(connection: Connection, connection_id: UUID, found: Sequence[Retraction]) -> None:
    """Delete the outcomes of objects that are open again, cancelled or gone."""
    c = conversions.c
    for item in found:
        prefix = f"{item.object_id}:"
        # Not LIKE: SQLite's takes capitals for small letters, and ids differ in them.
        of_object = sa.or_(c.source_id == item.object_id, sa.func.substr(c.source_id, 1, len(prefix)) == prefix)
        where = sa.and_(c.connection_id == connection_id, c.source == item.source, of_object)
        connection.execute(sa.delete(conversions).where(where))


def _early(table: sa.Table) -> tuple[sa.Select[Any], sa.Select[Any]]:
    waiting = (
        sa.select(table.c.subject)
        .where(
            table.c.connection_id == sa.bindparam("account"), table.c.record_id.is_(None), table.c.subject.is_not(None)
        )
        .distinct()
    )
    return waiting, waiting.where(table.c.subject.in_(sa.bindparam("names", expanding=True)))


_EARLY = {table: _early(table) for table in (events, conversions)}
"""Who is waited for, of all and of some."""


def resolve_subjects(connection: Connection, connection_id: UUID, found: Sequence[Record] | None = None) -> int:
    """Give events and outcomes that came before their record (one of ``found``, if given) to it; return how many."""
    resolved = 0
    for table, (waiting, among) in _EARLY.items():
        asked: dict[str, Any] = {"account": connection_id}
        if found is None:
            subjects = list(connection.execute(waiting, asked).scalars())
        else:
            subjects = list(connection.execute(among, {**asked, "names": _names(found)}).scalars())
        known = _resolve(connection, connection_id, subjects)
        resolved += _assign(connection, table, connection_id, known)
    return resolved


def _names(found: Sequence[Record]) -> list[str]:
    """Under which subjects these records may have been waited for."""
    by_email = {_subject(None, item.email) for item in found if item.email}
    return sorted({_subject(item.record_id, None) for item in found} | by_email)


def _assign(connection: Connection, table: sa.Table, connection_id: UUID, known: dict[str, int]) -> int:
    if not known:
        return 0
    statement = (
        sa.update(table)
        .where(
            table.c.connection_id == connection_id,
            table.c.record_id.is_(None),
            table.c.subject == sa.bindparam("waiting_subject"),
        )
        .values(record_id=sa.bindparam("found_record"), subject=None)
    )
    rows = [{"waiting_subject": subject, "found_record": record} for subject, record in known.items()]
    return connection.execute(statement, rows).rowcount


def _subject(record_id: str | None, email: str | None) -> str:
    return f"{_ID}{record_id}" if record_id else f"{_EMAIL}{email}"


def _resolve(connection: Connection, connection_id: UUID, subjects: Sequence[str]) -> dict[str, int]:
    ids = [subject[len(_ID) :] for subject in subjects if subject.startswith(_ID)]
    emails = [subject[len(_EMAIL) :] for subject in subjects if subject.startswith(_EMAIL)]
    found = {
        f"{_ID}{key}": value for key, value in record_store.ids_by_vendor_id(connection, connection_id, ids).items()
    }
    by_email = record_store.ids_by_email(connection, connection_id, emails)
    return found | {f"{_EMAIL}{key}": value for key, value in by_email.items()}


def timeline(connection: Connection, tenant_id: UUID, lead_id: int, limit: int) -> Sequence[AnyRow]:
    """Return a lead's newest events as (at, kind, actor, detail, connection_id)."""
    query = (
        sa.select(events.c.at, events.c.kind, events.c.actor, events.c.detail, events.c.connection_id)
        .join(records, records.c.id == events.c.record_id)
        .where(events.c.tenant_id == tenant_id, records.c.lead_id == lead_id)
        .order_by(events.c.at.desc(), events.c.id.desc())
        .limit(limit)
    )
    return connection.execute(query).all()


def newest_of(
    connection: Connection, tenant_id: UUID, lead_id: int, actor: Actor, kinds: Collection[EventKind], until: datetime
) -> AnyRow | None:
    """Return (at, kind) of the newest event of these kinds that this actor made happen to a lead up to ``until``."""
    query = (
        sa.select(events.c.at, events.c.kind)
        .join(records, records.c.id == events.c.record_id)
        .where(events.c.tenant_id == tenant_id, records.c.lead_id == lead_id)
        .where(events.c.actor == actor, events.c.kind.in_(sorted(kinds)), events.c.at <= until)
    )
    return connection.execute(query.order_by(events.c.at.desc(), events.c.id.desc()).limit(1)).one_or_none()


def count(connection: Connection, connection_id: UUID) -> int:
    """Return how many engagement events a connection holds."""
    query = sa.select(sa.func.count()).select_from(events).where(events.c.connection_id == connection_id)
    return connection.execute(query).scalar_one()
