"""Frames out of the store in bulk: Arrow from the database's own driver, no Python row between.

Each function returns a polars frame of one tenant. Times are ``Datetime("us", "UTC")``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
import polars as pl
import sqlalchemy as sa

from connector.store.session import Store
from connector.store.tables import changes, companies, connections, conversions, events, leads, records

UTC_TIME = pl.Datetime("us", "UTC")


def _read(store: Store, query: sa.Select[Any], times: Sequence[str], texts: Sequence[str]) -> pl.DataFrame:
    """Run a query by the ADBC driver. Null texts travel as empty strings and are set back here,
    because the SQLite driver guesses a column's type from its first rows."""
    engine = store.engine
    sql = str(query.compile(engine, compile_kwargs={"literal_binds": True}))
    uri = engine.url.set(drivername=engine.url.get_backend_name()).render_as_string(hide_password=False)
    frame = pl.read_database_uri(sql, uri, engine="adbc")
    return frame.with_columns(
        *(
            pl.col(name).cast(pl.Int64 if engine.dialect.name == "sqlite" else UTC_TIME).cast(UTC_TIME)
            for name in times
        ),
        *(pl.col(name).cast(pl.String).replace("", None) for name in texts),
    )


def _text(column: sa.ColumnElement[Any], name: str) -> sa.ColumnElement[Any]:
    return sa.func.coalesce(column, "").label(name)


def lead_frame(store: Store, tenant_id: UUID) -> pl.DataFrame:
    """Return lead_id, created_at, company_key, email_kind of leads that have an open record."""
    open_records = sa.select(records.c.lead_id).where(records.c.tenant_id == tenant_id, records.c.removed_at.is_(None))
    query = sa.select(
        leads.c.id.label("lead_id"),
        leads.c.created_at,
        _text(leads.c.company_key, "company_key"),
        _text(leads.c.email_kind, "email_kind"),
    ).where(leads.c.tenant_id == tenant_id, leads.c.id.in_(open_records))
    return _read(store, query.order_by(leads.c.id), ["created_at"], ["company_key", "email_kind"])


def value_frame(store: Store, tenant_id: UUID, vendor: str, names: Sequence[str]) -> pl.DataFrame:
    """Return lead_id, field (``vendor.name``), value, known_at of the named fields of one vendor's records."""
    query = (
        sa.select(
            records.c.lead_id,
            (vendor + "." + changes.c.name).label("field"),
            _text(changes.c.value, "value"),
            changes.c.at.label("known_at"),
        )
        .join(records, records.c.id == changes.c.record_id)
        .join(connections, connections.c.id == records.c.connection_id)
        .where(
            changes.c.tenant_id == tenant_id,
            connections.c.vendor == vendor,
            changes.c.name.in_(names),
            records.c.lead_id.is_not(None),
        )
    )
    return _read(store, query, ["known_at"], ["value"])


def company_value_frame(store: Store, tenant_id: UUID) -> pl.DataFrame:
    """Return lead_id, field (``vendor.name``), value of the companies behind a tenant's records."""
    joined = sa.and_(
        companies.c.connection_id == records.c.connection_id, companies.c.vendor_id == records.c.company_id
    )
    links = sa.select(records.c.lead_id, companies.c.id.label("company")).join(companies, joined)
    links = links.where(records.c.tenant_id == tenant_id, records.c.lead_id.is_not(None))
    properties = (
        sa.select(companies.c.id, connections.c.vendor, sa.cast(companies.c.properties, sa.Text).label("properties"))
        .join(connections, connections.c.id == companies.c.connection_id)
        .where(companies.c.tenant_id == tenant_id)
    )
    long: list[tuple[int, str, str]] = []
    with store.reading() as connection:
        for company, vendor, text in connection.execute(properties):
            long.extend((company, f"{vendor}.{name}", value) for name, value in orjson.loads(text).items() if value)
    values = pl.DataFrame(long, schema={"company": pl.Int64, "field": pl.String, "value": pl.String}, orient="row")
    return _read(store, links, [], []).join(values, on="company").select("lead_id", "field", "value")


def event_frame(store: Store, tenant_id: UUID) -> pl.DataFrame:
    """Return lead_id, at, kind, actor, detail of every engagement event."""
    query = (
        sa.select(records.c.lead_id, events.c.at, events.c.kind, events.c.actor, _text(events.c.detail, "detail"))
        .join(records, records.c.id == events.c.record_id)
        .where(events.c.tenant_id == tenant_id, records.c.lead_id.is_not(None))
    )
    return _read(store, query, ["at"], ["detail"])


def conversion_frame(store: Store, tenant_id: UUID, kind: str) -> pl.DataFrame:
    """Return lead_id, at of a tenant's outcomes of one kind."""
    query = (
        sa.select(records.c.lead_id, conversions.c.at)
        .join(records, records.c.id == conversions.c.record_id)
        .where(
            conversions.c.tenant_id == tenant_id,
            conversions.c.kind == kind,
            conversions.c.at.is_not(None),
            records.c.lead_id.is_not(None),
        )
    )
    return _read(store, query, ["at"], [])
