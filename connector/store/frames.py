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

from connector.store import frame_queries
from connector.store.frame_queries import Chosen, Reach
from connector.store.session import TENANT_SETTING, Store
from connector.store.tables import conversions, records

UTC_TIME = pl.Datetime("us", "UTC")
_CHUNK = 200_000


Source = Store | Connection
"""Where frames come from; bulk reading wants the store itself."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Some of a tenant's leads: these, or (``colleagues``) all that have a company with one of them."""

    lead_ids: tuple[int, ...]
    colleagues: bool = False


def _reach(cut: Cut | None) -> Reach:
    if cut is None:
        return Reach.ALL
    return Reach.COLLEAGUES if cut.colleagues else Reach.THESE


@contextmanager
def view(source: Source, tenant_id: UUID) -> Iterator[Connection]:
    """The view that is open, or one of the store's own."""
    if isinstance(source, Connection):
        yield source
        return
    with source.reading(tenant_id) as connection:
        yield connection


def _asked(tenant_id: UUID, cut: Cut | None, since: datetime | None = None) -> dict[str, Any]:
    """Return the values of a statement's parameters."""
    return {
        "tenant": tenant_id,
        **({} if cut is None else {"leads": cut.lead_ids}),
        **({} if since is None else {"since": since}),
    }


def _read(
    source: Source, query: sa.Select[Any], asked: dict[str, Any], times: Sequence[str], texts: Sequence[str]
) -> pl.DataFrame:
    """Run a query; columns that are neither times nor texts are Int64."""
    names = [column.name for column in query.selected_columns]
    types: dict[str, pl.DataType] = {name: pl.Int64() for name in names}
    types |= dict.fromkeys(times, UTC_TIME) | {name: pl.String() for name in texts}
    tenant_id = asked["tenant"]
    if "leads" in asked or isinstance(source, Connection):
        with view(source, tenant_id) as connection:
            return _from_rows(connection, query, asked, pl.Schema(types))
    sql = str(query.params(asked).compile(source.engine, compile_kwargs={"literal_binds": True}))
    read = _from_sqlite if source.engine.dialect.name == "sqlite" else _from_arrow
    return read(source, tenant_id, sql, names).cast(pl.Schema(types))


def _from_rows(connection: Connection, query: sa.Select[Any], asked: dict[str, Any], schema: pl.Schema) -> pl.DataFrame:
    """Read rows with times as whole microseconds, as the frame's are and SQLite's in any case.

    To make frames of a driver's own times takes twelve times as long.
    """
    if connection.dialect.name == "sqlite":
        result = connection.execute(query, asked)
        rows = result.cursor.fetchall() if result.cursor is not None else []
        result.close()
    else:
        rows = [tuple(row) for row in connection.execute(_in_microseconds(query, schema), asked)]
    plain = {name: pl.Int64() if kind == UTC_TIME else kind for name, kind in schema.items()}
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(plain)
    series = [pl.Series(name, values, kind) for (name, kind), values in zip(plain.items(), columns, strict=True)]
    return pl.DataFrame([found.cast(UTC_TIME) if schema[found.name] == UTC_TIME else found for found in series])


def _in_microseconds(query: sa.Select[Any], schema: pl.Schema) -> sa.Select[Any]:
    return query.with_only_columns(
        *(
            _microseconds(column).label(column.name) if schema[column.name] == UTC_TIME else column
            for column in query.selected_columns
        )
    )


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
    query = frame_queries.of_leads(_reach(cut))
    return _read(store, query, _asked(tenant_id, cut), ["created_at"], ["company_key", "email_kind"])


def value_frame(
    store: Source, tenant_id: UUID, vendor: str, names: Sequence[str], cut: Cut | None = None
) -> pl.DataFrame:
    """Return lead_id, field (``vendor.name``), value, known_at of the named fields of one vendor's records.

    ``born`` is when the record began, which may be later than its lead; ``own_since`` when its own values did, where
    the person was known before.
    """
    query = frame_queries.of_values(_reach(cut), vendor, tuple(names))
    return _read(store, query, _asked(tenant_id, cut), ["known_at", "born", "own_since"], ["field", "value"])


def company_value_frame(store: Source, tenant_id: UUID, cut: Cut | None = None) -> pl.DataFrame:
    """Return lead_id, field (``vendor.name``), value of the companies behind a tenant's records.

    ``born`` is when the company became the record's, as far as that is known.
    """
    linked = _read(store, frame_queries.of_links(_reach(cut)), _asked(tenant_id, cut), ["born"], [])
    if linked.is_empty():
        return pl.DataFrame(schema={"lead_id": pl.Int64, "field": pl.String, "value": pl.String, "born": UTC_TIME})
    asked: dict[str, Any] = {"tenant": tenant_id}
    if cut is not None:
        asked["those"] = linked["company"].unique().to_list()
    long: list[tuple[int, str, str]] = []
    with view(store, tenant_id) as connection:
        for company, vendor, text in connection.execute(
            frame_queries.COMPANIES if cut is None else frame_queries.SOME_COMPANIES, asked
        ):
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
    chosen = (actor, since is not None)
    query, asked = frame_queries.of_events(_reach(cut), chosen), _asked(tenant_id, cut, since)
    told = _read(store, query, asked, ["at"], ["kind", "actor", "detail"])
    tracked = _tracked_frame(store, cut, chosen, asked)
    return told if tracked.is_empty() else pl.concat([told, tracked], how="diagonal")


def _tracked_frame(store: Source, cut: Cut | None, chosen: Chosen, asked: dict[str, Any]) -> pl.DataFrame:
    """Return the events of the tenant's sites, known since they arrived and their visitor was identified."""
    times, texts = ["at", "known_at"], ["kind", "actor", "detail"]
    if cut is None:
        return _read(store, frame_queries.of_all_tracked(chosen), asked, times, texts)
    lead_of = _visitors_among(store, cut, asked)
    if not lead_of:
        return pl.DataFrame(schema={"lead_id": pl.Int64})
    # Of a cut whatever its reach: its visitors are known.
    of_them = {**asked, "people": list(lead_of)}
    found = _read(store, frame_queries.of_tracked(chosen), of_them, times, ["person_key", *texts])
    lead_id = pl.col("person_key").replace_strict(lead_of, return_dtype=pl.Int64).alias("lead_id")
    return found.select(lead_id, pl.exclude("person_key"))


def _visitors_among(store: Source, cut: Cut, asked: dict[str, Any]) -> dict[str, int]:
    """The same of a cut. Not grouped by the database: for that it might read all of the tenant's people in order."""
    found: dict[str, int] = {}
    with view(store, asked["tenant"]) as connection:
        for key, lead_id in connection.execute(frame_queries.of_visitors(_reach(cut)), asked):
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
    return _read(store, frame_queries.of_conversions(_reach(cut), kind), _asked(tenant_id, cut), ["at"], [])
