"""How many leads each outcome would call converted, counted by the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store import exclusions, objections
from connector.store.tables import changes, conversions, fields, leads, records
from connector.store.types import AnyRow


@dataclass(frozen=True, slots=True)
class Count:
    """Leads that had an outcome. ``undated``: it is not known when. ``early``: when they were created, or before.

    ``within``: dated, later than that, and within the horizon since creation. ``months``: by month of the first time.
    """

    leads: int
    undated: int
    early: int
    within: int
    months: tuple[int, ...]


def of_kinds(
    connection: Connection, tenant_id: UUID, months: Sequence[datetime], horizon: timedelta
) -> Mapping[str, Count]:
    """Return outcome → its count, of the leads that may be scored. ``months``: the bounds, oldest first."""
    c = conversions.c
    first = _first(c.kind, c.at, sa.select(c.kind).join(records, records.c.id == c.record_id), c.tenant_id == tenant_id)
    return {row.kind: _count(row, len(months) - 1) for row in _counted(connection, tenant_id, first, months, horizon)}


def of_value(
    connection: Connection, tenant_id: UUID, asked: tuple[str, str], months: Sequence[datetime], horizon: timedelta
) -> Count:
    """Return the count of leads of whom a field (its name) was told to have a value."""
    h = changes.c
    told = sa.select(h.name).join(records, records.c.id == h.record_id)
    name, value = asked
    first = _first(h.name, h.at, told, h.tenant_id == tenant_id, h.name == name, h.value == value)
    rows = _counted(connection, tenant_id, first, months, horizon)
    return _count(rows[0], len(months) - 1) if rows else Count(0, 0, 0, 0, (0,) * (len(months) - 1))


def of_nobody(connection: Connection, tenant_id: UUID) -> Mapping[str, int]:
    """Return outcome → how many were told of persons that were never read."""
    c = conversions.c
    query = sa.select(c.kind, sa.func.count()).where(c.tenant_id == tenant_id, c.record_id.is_(None)).group_by(c.kind)
    return {row[0]: row[1] for row in connection.execute(query)}


def leads_there(connection: Connection, tenant_id: UUID) -> AnyRow:
    """Return (leads, oldest): the leads that may be scored, and when the first of them was created."""
    query = sa.select(sa.func.count().label("leads"), sa.func.min(leads.c.created_at).label("oldest"))
    return connection.execute(query.where(*_scorable(tenant_id))).one()


def choices(connection: Connection, tenant_id: UUID) -> Sequence[AnyRow]:
    """Return (name, label, options) of the persons' fields that may say what success is, by label."""
    c = fields.c
    usable = (c.tenant_id == tenant_id, c.type.in_(("category", "boolean")), ~c.own, ~c.personal, ~c.company)
    return connection.execute(sa.select(c.name, c.label, c.options).where(*usable).order_by(c.label, c.name)).all()


def _scorable(tenant_id: UUID) -> tuple[sa.ColumnElement[bool], ...]:
    """The same leads as frames of the whole tenant hold."""
    r = records.c
    is_open = sa.select(r.lead_id).where(r.tenant_id == tenant_id, r.removed_at.is_(None))
    return (
        leads.c.tenant_id == tenant_id,
        leads.c.id.in_(is_open),
        leads.c.id.not_in(objections.leads_of(tenant_id)),
        leads.c.id.not_in(exclusions.leads_of(tenant_id)),
    )


def _first(
    kind: sa.Column[str], at: sa.Column[Any], told: sa.Select[Any], *where: sa.ColumnElement[bool]
) -> sa.Subquery:
    """By kind and lead: when it came first, and whether a time is missing."""
    missing = sa.func.count() - sa.func.count(at)
    query = told.with_only_columns(
        kind.label("kind"), records.c.lead_id, sa.func.min(at).label("at"), missing.label("missing")
    )
    return query.where(*where, records.c.lead_id.is_not(None)).group_by(kind, records.c.lead_id).subquery()


def _counted(
    connection: Connection, tenant_id: UUID, first: sa.Subquery, months: Sequence[datetime], horizon: timedelta
) -> Sequence[AnyRow]:
    born, at, dated = leads.c.created_at, first.c.at, first.c.missing == 0

    def many(*where: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        return sa.func.coalesce(sa.func.sum(sa.case((sa.and_(*where), 1), else_=0)), 0)

    spans = pairwise(months)
    columns = [
        sa.func.count().label("leads"),
        many(first.c.missing > 0).label("undated"),
        many(dated, at <= born).label("early"),
        many(dated, at > born, _until(connection, at, born, horizon)).label("within"),
        *(many(dated, at >= start, at < end).label(f"m{place}") for place, (start, end) in enumerate(spans)),
    ]
    query = sa.select(first.c.kind, *columns).join(leads, leads.c.id == first.c.lead_id)
    return connection.execute(query.where(*_scorable(tenant_id)).group_by(first.c.kind)).all()


def _until(
    connection: Connection, at: sa.ColumnElement[Any], born: sa.ColumnElement[Any], span: timedelta
) -> sa.ColumnElement[bool]:
    """Whether a time is at most so long after another: SQLite counts microseconds."""
    if connection.dialect.name == "sqlite":
        count = span // timedelta(microseconds=1)
        return sa.type_coerce(at, sa.BigInteger) <= sa.type_coerce(born, sa.BigInteger) + count
    return sa.type_coerce(at, sa.DateTime(timezone=True)) <= sa.type_coerce(born, sa.DateTime(timezone=True)) + span


def _count(row: AnyRow, months: int) -> Count:
    numbers = row._mapping
    counted = tuple(int(numbers[f"m{place}"]) for place in range(months))
    return Count(int(row.leads), int(row.undated), int(row.early), int(row.within), counted)


def is_told(connection: Connection, tenant_id: UUID, kind: str) -> bool:
    """Whether any account of a tenant has told of such an outcome."""
    c = conversions.c
    query = sa.select(c.id).where(c.tenant_id == tenant_id, c.kind == kind, c.record_id.is_not(None)).limit(1)
    return connection.execute(query).first() is not None
