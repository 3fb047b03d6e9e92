"""Frames out of the store in bulk: Arrow where the database offers it, whole columns where not.

Each function returns a polars frame of one tenant, or of a ``Cut`` of its leads, which is read row by row: for a
few people that is quicker than any bulk; a cut may be read within a view that is open already. Times are
``Datetime("us", "UTC")``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import polars as pl
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store import exclusions, objections
from connector.store.session import TENANT_SETTING, Store
from connector.store.tables import (
    changes,
    companies,
    connections,
    conversions,
    events,
    leads,
    records,
    tracked_events,
    visitors,
)
from connector.store.tracked import IDENTIFIED

UTC_TIME = pl.Datetime("us", "UTC")
_CHUNK = 200_000
_mine = leads.alias("mine")


Source = Store | Connection
"""Where frames come from; bulk reading wants the store itself."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Some of a tenant's leads: these, or (``colleagues``) all that have a company with one of them."""

    lead_ids: tuple[int, ...]
    colleagues: bool = False

    def holds(self, lead_id: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        """Whether a column names one of them."""
        if not self.colleagues:
            return lead_id.in_(self.lead_ids)
        companies_of = sa.select(_mine.c.tenant_id, _mine.c.company_key).where(
            _mine.c.id.in_(self.lead_ids), _mine.c.company_key.is_not(None)
        )
        key = companies_of.distinct().subquery()
        same = sa.and_(leads.c.tenant_id == key.c.tenant_id, leads.c.company_key == key.c.company_key)
        return lead_id.in_(sa.select(leads.c.id).join(key, same))


def _cut(query: sa.Select[Any], lead_id: sa.ColumnElement[Any], cut: Cut | None) -> sa.Select[Any]:
    return query if cut is None else query.where(cut.holds(lead_id))


def _of_tenant(table: sa.Table, tenant_id: UUID, cut: Cut | None) -> sa.ColumnElement[bool]:
    """Whether rows of a table that is joined with their records are the tenant's.

    Asked of the records of a cut: a database without statistics would else read all that the tenant has of ``table``.
    """
    owner: sa.Column[UUID] = (table if cut is None else records).c.tenant_id
    return owner == tenant_id


@contextmanager
def view(source: Source, tenant_id: UUID) -> Iterator[Connection]:
    """The view that is open, or one of the store's own."""
    if isinstance(source, Connection):
        yield source
        return
    with source.reading(tenant_id) as connection:
        yield connection


def _read(
    whose: tuple[Source, UUID], query: sa.Select[Any], times: Sequence[str], texts: Sequence[str], cut: Cut | None
) -> pl.DataFrame:
    """Run a query; columns that are neither times nor texts are Int64."""
    source, tenant_id = whose
    names = [column.name for column in query.selected_columns]
    types: dict[str, pl.DataType] = {name: pl.Int64() for name in names}
    types |= dict.fromkeys(times, UTC_TIME) | {name: pl.String() for name in texts}
    if cut is not None or isinstance(source, Connection):
        with view(source, tenant_id) as connection:
            return _from_rows(connection, query, pl.Schema(types))
    sql = str(query.compile(source.engine, compile_kwargs={"literal_binds": True}))
    read = _from_sqlite if source.engine.dialect.name == "sqlite" else _from_arrow
    return read(source, tenant_id, sql, names).cast(pl.Schema(types))


def _from_rows(connection: Connection, query: sa.Select[Any], schema: pl.Schema) -> pl.DataFrame:
    """Read rows with times as whole microseconds, as the frame's are and SQLite's in any case.

    To make frames of a driver's own times takes twelve times as long.
    """
    if connection.dialect.name == "sqlite":
        result = connection.execute(query)
        rows = result.cursor.fetchall() if result.cursor is not None else []
        result.close()
    else:
        asked = [
            _microseconds(column).label(column.name) if schema[column.name] == UTC_TIME else column
            for column in query.selected_columns
        ]
        rows = [tuple(row) for row in connection.execute(query.with_only_columns(*asked))]
    plain = {name: pl.Int64() if kind == UTC_TIME else kind for name, kind in schema.items()}
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(plain)
    series = [pl.Series(name, values, kind) for (name, kind), values in zip(plain.items(), columns, strict=True)]
    return pl.DataFrame([found.cast(UTC_TIME) if schema[found.name] == UTC_TIME else found for found in series])


def _microseconds(time: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    """Whole microseconds since 1970, exactly: PostgreSQL tells them as a decimal number."""
    return sa.cast(sa.extract("epoch", time) * 1_000_000, sa.BigInteger)


def _from_arrow(store: Store, tenant_id: UUID, sql: str, names: Sequence[str]) -> pl.DataFrame:
    # Imported here: a deployment on SQLite loads no driver of PostgreSQL.
    from adbc_driver_postgresql import dbapi

    uri = store.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with dbapi.connect(uri) as connection, connection.cursor() as cursor:
        # In the same transaction as the query, as store/session does: a pooler between may change servers after it.
        cursor.execute(f"SET LOCAL {TENANT_SETTING} = '{tenant_id}'")
        cursor.execute(sql)
        return pl.DataFrame(cursor.fetch_arrow()).select(names)


def _from_sqlite(store: Store, tenant_id: UUID, sql: str, names: Sequence[str]) -> pl.DataFrame:
    """Read column-wise in large chunks by the process's own SQLite.

    An Arrow driver would bring a second copy of the SQLite library, and closing a file in one
    copy drops the POSIX locks that the other one holds on it: a database under write is then
    corrupted (sqlite.org/howtocorrupt.html, section 2.2.1).
    """
    chunks = []
    with store.reading(tenant_id) as connection:
        cursor = connection.connection.cursor()
        cursor.execute(sql)
        while rows := cursor.fetchmany(_CHUNK):
            columns = zip(*rows, strict=True)
            chunks.append(pl.DataFrame(dict(zip(names, map(list, columns), strict=True)), infer_schema_length=None))
    if not chunks:
        return pl.DataFrame(schema=dict.fromkeys(names, pl.Null))
    return pl.concat(chunks, how="vertical_relaxed")


def lead_frame(store: Source, tenant_id: UUID, cut: Cut | None = None) -> pl.DataFrame:
    """Return lead_id, created_at, company_key, email_kind of leads with an open record that may be scored.

    Not those who may not be profiled, nor those whom people left out.
    """
    is_open = (records.c.tenant_id == tenant_id, records.c.removed_at.is_(None))
    open_ones = sa.select(records.c.lead_id).where(*is_open)
    if cut is None:
        known = sa.and_(leads.c.tenant_id == tenant_id, leads.c.id.in_(open_ones))
    else:
        # Whose leads they are is asked of their records: by ``leads`` the database might read all of the tenant's.
        known = sa.and_(open_ones.where(records.c.lead_id == leads.c.id).exists(), cut.holds(leads.c.id))
    query = sa.select(
        leads.c.id.label("lead_id"),
        leads.c.created_at,
        leads.c.company_key,
        leads.c.email_kind,
    ).where(
        known,
        leads.c.id.not_in(objections.leads_of(tenant_id)),
        leads.c.id.not_in(exclusions.leads_of(tenant_id)),
    )
    return _read((store, tenant_id), query.order_by(leads.c.id), ["created_at"], ["company_key", "email_kind"], cut)


def value_frame(
    store: Source, tenant_id: UUID, vendor: str, names: Sequence[str], cut: Cut | None = None
) -> pl.DataFrame:
    """Return lead_id, field (``vendor.name``), value, known_at of the named fields of one vendor's records.

    ``born`` is when the record began, which may be later than its lead; ``own_since`` when its own values did, where
    the person was known before.
    """
    query = (
        sa.select(
            records.c.lead_id,
            (vendor + "." + changes.c.name).label("field"),
            changes.c.value,
            changes.c.at.label("known_at"),
            records.c.created_at.label("born"),
            records.c.values_since.label("own_since"),
        )
        .join(records, records.c.id == changes.c.record_id)
        .join(connections, connections.c.id == records.c.connection_id)
        .where(
            _of_tenant(changes, tenant_id, cut),
            connections.c.vendor == vendor,
            changes.c.name.in_(names),
            records.c.lead_id.is_not(None),
        )
    )
    return _read(
        (store, tenant_id),
        _cut(query, records.c.lead_id, cut),
        ["known_at", "born", "own_since"],
        ["field", "value"],
        cut,
    )


def company_value_frame(store: Source, tenant_id: UUID, cut: Cut | None = None) -> pl.DataFrame:
    """Return lead_id, field (``vendor.name``), value of the companies behind a tenant's records.

    ``born`` is when the company became the record's, as far as that is known.
    """
    joined = sa.and_(
        companies.c.connection_id == records.c.connection_id, companies.c.vendor_id == records.c.company_id
    )
    since = sa.func.coalesce(records.c.company_since, records.c.created_at).label("born")
    links = _cut(
        sa.select(records.c.lead_id, companies.c.id.label("company"), since)
        .join(companies, joined)
        .where(records.c.tenant_id == tenant_id, records.c.lead_id.is_not(None)),
        records.c.lead_id,
        cut,
    )
    properties = (
        sa.select(companies.c.id, connections.c.vendor, sa.cast(companies.c.properties, sa.Text).label("properties"))
        .join(connections, connections.c.id == companies.c.connection_id)
        .where(companies.c.tenant_id == tenant_id)
    )
    linked = _read((store, tenant_id), links, ["born"], [], cut)
    if cut is not None:
        properties = properties.where(companies.c.id.in_(linked["company"].unique().to_list()))
    long: list[tuple[int, str, str]] = []
    if linked.is_empty():
        return pl.DataFrame(schema={"lead_id": pl.Int64, "field": pl.String, "value": pl.String, "born": UTC_TIME})
    with view(store, tenant_id) as connection:
        for company, vendor, text in connection.execute(properties):
            long.extend((company, f"{vendor}.{name}", value) for name, value in orjson.loads(text).items() if value)
    values = pl.DataFrame(long, schema={"company": pl.Int64, "field": pl.String, "value": pl.String}, orient="row")
    return linked.join(values, on="company").select("lead_id", "field", "value", "born")


def event_frame(
    store: Source,
    tenant_id: UUID,
    cut: Cut | None = None,
    *,
    actor: str | None = None,
    since: datetime | None = None,
) -> pl.DataFrame:
    """Return lead_id, at, kind, actor, detail of engagement events: all, or those of an ``actor`` or ``since`` then.

    Where visitors of the tenant's sites are among the leads, ``known_at`` tells since when (null: since it happened).
    """
    query = (
        sa.select(records.c.lead_id, events.c.at, events.c.kind, events.c.actor, events.c.detail)
        .join(records, records.c.id == events.c.record_id)
        .where(_of_tenant(events, tenant_id, cut), records.c.lead_id.is_not(None))
    )
    chosen = _chosen(events.c, actor, since)
    told = _read(
        (store, tenant_id), _cut(query.where(*chosen), records.c.lead_id, cut), ["at"], ["kind", "actor", "detail"], cut
    )
    tracked = _tracked_frame(store, tenant_id, cut, _chosen(tracked_events.c, actor, since))
    return told if tracked.is_empty() else pl.concat([told, tracked], how="diagonal")


def _chosen(columns: Any, actor: str | None, since: datetime | None) -> list[sa.ColumnElement[bool]]:
    return [*([columns.actor == actor] if actor else []), *([columns.at >= since] if since else [])]


def _tracked_frame(
    store: Source, tenant_id: UUID, cut: Cut | None, chosen: Sequence[sa.ColumnElement[bool]]
) -> pl.DataFrame:
    """Return the events of the tenant's sites, known since they arrived and their visitor was identified."""
    v, e = visitors.c, tracked_events.c
    known_at = sa.case((v.identified_at > e.received_at, v.identified_at), else_=e.received_at).label("known_at")
    acts = sa.and_(v.tenant_id == tenant_id, e.kind != IDENTIFIED, *chosen)
    query = sa.select(v.person_key, e.at, e.kind, e.actor, e.detail, known_at).join(visitors, v.id == e.visitor_id)
    times, texts = ["at", "known_at"], ["kind", "actor", "detail"]
    if cut is None:
        people = _visiting(tenant_id)
        query = query.with_only_columns(people.c.lead_id, *list(query.selected_columns)[1:])
        query = query.join(people, people.c.person_key == v.person_key).where(e.tenant_id == tenant_id, acts)
        return _read((store, tenant_id), query, times, texts, cut)
    lead_of = _visitors_among(store, tenant_id, cut)
    if not lead_of:
        return pl.DataFrame(schema={"lead_id": pl.Int64})
    of_them = query.where(acts, v.person_key.in_(lead_of))
    found = _read((store, tenant_id), of_them, times, ["person_key", *texts], cut)
    lead_id = pl.col("person_key").replace_strict(lead_of, return_dtype=pl.Int64).alias("lead_id")
    return found.select(lead_id, pl.exclude("person_key"))


def _visiting(tenant_id: UUID) -> sa.Subquery:
    """The leads of all who are known as visitors, by person key."""
    v, r = visitors.c, records.c
    known = sa.select(v.person_key).where(v.tenant_id == tenant_id, v.person_key.is_not(None))
    return (
        sa.select(r.person_key, sa.func.min(r.lead_id).label("lead_id"))
        .where(r.tenant_id == tenant_id, r.lead_id.is_not(None), r.person_key.in_(known))
        .group_by(r.person_key)
        .subquery()
    )


def _visitors_among(store: Source, tenant_id: UUID, cut: Cut) -> dict[str, int]:
    """The same of a cut. Not grouped by the database: for that it might read all of the tenant's people in order."""
    v, r = visitors.c, records.c
    visits = sa.exists().where(v.tenant_id == tenant_id, v.person_key == r.person_key)
    query = sa.select(r.person_key, r.lead_id).where(r.tenant_id == tenant_id, cut.holds(r.lead_id), visits)
    found: dict[str, int] = {}
    with view(store, tenant_id) as connection:
        for key, lead_id in connection.execute(query):
            found[key] = min(lead_id, found.get(key, lead_id))
    return found


def amount_frame(store: Store, tenant_id: UUID, kind: str) -> pl.DataFrame:
    """Return lead_id, at, amount (hundredths), currency of a tenant's outcomes of one kind that have an amount."""
    query = (
        sa.select(records.c.lead_id, conversions.c.at, conversions.c.amount, conversions.c.currency)
        .join(records, records.c.id == conversions.c.record_id)
        .where(
            conversions.c.tenant_id == tenant_id,
            conversions.c.kind == kind,
            conversions.c.at.is_not(None),
            conversions.c.amount.is_not(None),
            records.c.lead_id.is_not(None),
        )
    )
    schema = pl.Schema({"lead_id": pl.Int64(), "at": UTC_TIME, "amount": pl.Int64(), "currency": pl.String()})
    with store.reading(tenant_id) as session:
        rows = [(row.lead_id, row.at, round(row.amount * 100), row.currency) for row in session.execute(query)]
    return pl.DataFrame(rows, schema=schema, orient="row")


def conversion_frame(store: Source, tenant_id: UUID, kind: str, cut: Cut | None = None) -> pl.DataFrame:
    """Return lead_id, at of a tenant's outcomes of one kind."""
    query = (
        sa.select(records.c.lead_id, conversions.c.at)
        .join(records, records.c.id == conversions.c.record_id)
        .where(
            _of_tenant(conversions, tenant_id, cut),
            conversions.c.kind == kind,
            conversions.c.at.is_not(None),
            records.c.lead_id.is_not(None),
        )
    )
    return _read((store, tenant_id), _cut(query, records.c.lead_id, cut), ["at"], [], cut)
