"""What happened at a tenant in a span of time, as reports of it count: acts, alarms, erasures, deliveries, scores."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.tables import drift_alarms, erasures, ledger, ledger_payloads, traces
from connector.store.types import AnyRow

Span = tuple[datetime, datetime]
"""From an instant to another, which is not in it."""

ERASED = "erased since"
NAMERS = ("by", "asked_by", "key")
"""Members of an entry's body that name who did it: the first that is there."""


def kinds(connection: Connection, tenant_id: UUID, span: Span) -> Mapping[str, int]:
    """Return the ledger's entries by kind."""
    query = sa.select(ledger.c.kind, sa.func.count()).where(_in(tenant_id, span)).group_by(ledger.c.kind)
    return {row[0]: row[1] for row in connection.execute(query)}


def acts(connection: Connection, tenant_id: UUID, kind: str, span: Span) -> Sequence[tuple[str, int, int]]:
    """Return (what, how often, by how many different askers) of a kind of entries, the most frequent first."""
    what = sa.func.coalesce(_member(connection, "action"), _member(connection, "operation"), ERASED)
    who = sa.func.coalesce(*(_member(connection, name) for name in NAMERS))
    number = sa.func.count()
    query = (
        sa.select(what, number, sa.func.count(sa.distinct(who)))
        .select_from(_with_bodies())
        .where(_in(tenant_id, span), ledger.c.kind == kind)
        .group_by(what)
        .order_by(number.desc(), what)
    )
    return [(found, count, askers) for found, count, askers in connection.execute(query)]


def entries(
    connection: Connection, tenant_id: UUID, span: Span, actions: Collection[str]
) -> Sequence[tuple[datetime, Mapping[str, Any]]]:
    """Return (when, body) of acts with one of these names, the oldest first."""
    query = (
        sa.select(ledger.c.at, ledger_payloads.c.body)
        .select_from(_with_bodies())
        .where(_in(tenant_id, span), ledger.c.kind == "admin", _member(connection, "action").in_(sorted(actions)))
        .order_by(ledger.c.seq)
    )
    return [(at, json.loads(body)) for at, body in connection.execute(query)]


def bounds(connection: Connection, tenant_id: UUID, span: Span) -> tuple[int, int] | None:
    """Return the first and last number of recorded scores, None where there are none."""
    c = ledger.c
    query = sa.select(sa.func.min(c.seq), sa.func.max(c.seq)).where(_in(tenant_id, span), c.kind == "scored")
    low, high = connection.execute(query).one()
    return None if low is None else (low, high)


def scored(connection: Connection, tenant_id: UUID, span: Span, numbers: Collection[int]) -> Sequence[AnyRow]:
    """Return (seq, at, body) of those of ``numbers`` that are recorded scores; the body is null once it was erased."""
    query = (
        sa.select(ledger.c.seq, ledger.c.at, ledger_payloads.c.body)
        .select_from(_with_bodies())
        .where(_in(tenant_id, span), ledger.c.kind == "scored", ledger.c.seq.in_(sorted(numbers)))
    )
    return connection.execute(query.order_by(ledger.c.seq)).all()


def erased(connection: Connection, tenant_id: UUID, span: Span) -> Sequence[AnyRow]:
    """Return (asked_at, finished_at, status) of erasures that were asked for."""
    e = erasures.c
    query = sa.select(e.asked_at, e.finished_at, e.status)
    return connection.execute(query.where(e.tenant_id == tenant_id, _within(e.asked_at, span))).all()


def alarms(connection: Connection, tenant_id: UUID, span: Span) -> Sequence[AnyRow]:
    """Return (opened_at, sentence, action, accepted_at, closed_at) of alarms that opened, the oldest first."""
    d = drift_alarms.c
    query = sa.select(d.opened_at, d.sentence, d.action, d.accepted_at, d.closed_at)
    query = query.where(d.tenant_id == tenant_id, _within(d.opened_at, span))
    return connection.execute(query.order_by(d.opened_at, d.id)).all()


def written(connection: Connection, tenant_id: UUID, span: Span, limit: int) -> Sequence[float]:
    """Return the seconds from a recorded score to the CRM's answer that took it, of the newest ``limit``."""
    other = ledger.alias("made")
    number = sa.cast(_member(connection, "scored"), sa.BigInteger)
    query = (
        sa.select(ledger.c.at, other.c.at)
        .select_from(
            _with_bodies().join(other, sa.and_(other.c.tenant_id == ledger.c.tenant_id, other.c.seq == number))
        )
        .where(_in(tenant_id, span), ledger.c.kind == "delivered", _member(connection, "answer") == "written")
        .order_by(ledger.c.seq.desc())
        .limit(limit)
    )
    return [(at - made).total_seconds() for at, made in connection.execute(query)]


def fast(connection: Connection, tenant_id: UUID, span: Span, limit: int) -> Sequence[float]:
    """Return the seconds from what a CRM told to the new value in it, of the newest ``limit`` that are kept."""
    t = traces.c
    query = sa.select(t.received_at, t.delivered_at).where(
        t.tenant_id == tenant_id, _within(t.received_at, span), t.delivered_at.is_not(None)
    )
    rows = connection.execute(query.order_by(t.received_at.desc()).limit(limit))
    return [(delivered - received).total_seconds() for received, delivered in rows]


def _in(tenant_id: UUID, span: Span) -> sa.ColumnElement[bool]:
    return sa.and_(ledger.c.tenant_id == tenant_id, _within(ledger.c.at, span))


def _within(column: sa.ColumnElement[Any], span: Span) -> sa.ColumnElement[bool]:
    return sa.and_(column >= span[0], column < span[1])


def _with_bodies() -> sa.Join:
    same = sa.and_(ledger.c.tenant_id == ledger_payloads.c.tenant_id, ledger.c.seq == ledger_payloads.c.seq)
    return ledger.outerjoin(ledger_payloads, same)


def _member(connection: Connection, name: str) -> sa.ColumnElement[str]:
    body = ledger_payloads.c.body
    as_json = sa.type_coerce(body, sa.JSON) if connection.dialect.name == "sqlite" else sa.cast(body, sa.JSON)
    found: sa.ColumnElement[str] = as_json[name].as_string()
    return found
