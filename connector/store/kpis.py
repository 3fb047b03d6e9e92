"""What figures about a tenant's leads are counted from, and the reports that were made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.records import Actor, EventKind
from connector.store.bulk import upsert
from connector.store.tables import (
    changes,
    conversions,
    events,
    fields,
    kpi_reports,
    ledger,
    ledger_payloads,
    records,
    scores,
)
from connector.store.types import AnyRow

TOUCHES = (EventKind.CALL, EventKind.MEETING, EventKind.NOTE)
"""Acts of a seller for one lead. E-mails are not among them: CRMs tell mailings to thousands in the same way."""


def acts(connection: Connection, tenant_id: UUID, since: datetime) -> Sequence[AnyRow]:
    """Return (lead_id, at, kind) of what sellers did for leads ``since`` then, and of meetings whoever made them."""
    e, r = events.c, records.c
    of_sellers = sa.and_(e.actor == Actor.SELLER, e.kind.in_(TOUCHES))
    query = (
        sa.select(r.lead_id, e.at, e.kind)
        .join(records, r.id == e.record_id)
        .where(
            e.tenant_id == tenant_id,
            e.at >= since,
            r.lead_id.is_not(None),
            sa.or_(of_sellers, e.kind == EventKind.MEETING),
        )
    )
    return connection.execute(query).all()


def first_scored(connection: Connection, tenant_id: UUID) -> Sequence[AnyRow]:
    """Return (lead_id, at, tier) of each lead's first recorded score that still has its body."""
    e, p = ledger.c, ledger_payloads.c
    mine = (e.tenant_id == tenant_id, e.kind == "scored")
    first = sa.select(sa.func.min(e.seq).label("seq")).where(*mine).group_by(e.lead_id).subquery()
    query = (
        sa.select(e.lead_id, e.at, _tier(connection).label("tier"))
        .join(first, first.c.seq == e.seq)
        .join(ledger_payloads, sa.and_(p.tenant_id == e.tenant_id, p.seq == e.seq))
        .where(*mine)
    )
    return connection.execute(query).all()


def first_in_tier(connection: Connection, tenant_id: UUID, tier: str, since: datetime) -> Sequence[AnyRow]:
    """Return (lead_id, at): when each lead was first recorded in ``tier`` since then."""
    e, p = ledger.c, ledger_payloads.c
    query = (
        sa.select(e.lead_id, sa.func.min(e.at, type_=e.at.type).label("at"))
        .join(ledger_payloads, sa.and_(p.tenant_id == e.tenant_id, p.seq == e.seq))
        .where(e.tenant_id == tenant_id, e.kind == "scored", e.at >= since, _tier(connection) == tier)
        .group_by(e.lead_id)
    )
    return connection.execute(query).all()


def highest(connection: Connection, tenant_id: UUID, since: datetime, until: datetime) -> Sequence[AnyRow]:
    """Return (lead_id, before, after): each lead's highest recorded score from ``since`` to ``until``, and from then
    on; null where none was recorded."""
    e, p = ledger.c, ledger_payloads.c
    score = sa.cast(_told(connection, "score"), sa.Float)
    early, late = sa.case((e.at < until, score)), sa.case((e.at >= until, score))
    query = (
        sa.select(e.lead_id, sa.func.max(early).label("before"), sa.func.max(late).label("after"))
        .join(ledger_payloads, sa.and_(p.tenant_id == e.tenant_id, p.seq == e.seq))
        .where(e.tenant_id == tenant_id, e.kind == "scored", e.at >= since)
    )
    return connection.execute(query.group_by(e.lead_id)).all()


def _tier(connection: Connection) -> sa.ColumnElement[str]:
    return _told(connection, "tier")


def _told(connection: Connection, name: str) -> sa.ColumnElement[str]:
    body = ledger_payloads.c.body
    as_json = sa.type_coerce(body, sa.JSON) if connection.dialect.name == "sqlite" else sa.cast(body, sa.JSON)
    found: sa.ColumnElement[str] = as_json[name].as_string()
    return found


def begun(connection: Connection, tenant_id: UUID) -> datetime | None:
    """Return when the first score was recorded."""
    query = sa.select(sa.func.min(ledger.c.at, type_=ledger.c.at.type))
    first: datetime | None = connection.execute(
        query.where(ledger.c.tenant_id == tenant_id, ledger.c.kind == "scored")
    ).scalar_one()
    return first


def chances(connection: Connection, tenant_id: UUID) -> Sequence[AnyRow]:
    """Return (lead_id, tier, probability) of every lead that has a score now."""
    query = sa.select(scores.c.lead_id, scores.c.tier, scores.c.probability).where(scores.c.tenant_id == tenant_id)
    return connection.execute(query).all()


def amounts(connection: Connection, tenant_id: UUID, kind: str) -> Sequence[AnyRow]:
    """Return (lead_id, at, amount, currency) of dated outcomes of one kind; the amount is null where not known."""
    c, r = conversions.c, records.c
    query = (
        sa.select(r.lead_id, c.at, c.amount, c.currency)
        .join(records, r.id == c.record_id)
        .where(c.tenant_id == tenant_id, c.kind == kind, c.at.is_not(None), r.lead_id.is_not(None))
    )
    return connection.execute(query.order_by(c.at, c.id)).all()


def first_values(connection: Connection, tenant_id: UUID, role: str) -> Sequence[AnyRow]:
    """Return (lead_id, at, value) of every value that fields of a role had."""
    f, h, r = fields.c, changes.c, records.c
    query = (
        sa.select(r.lead_id, h.at, h.value)
        .join(records, r.id == h.record_id)
        .join(fields, sa.and_(f.connection_id == r.connection_id, f.name == h.name))
        .where(h.tenant_id == tenant_id, f.role == role, h.value.is_not(None), r.lead_id.is_not(None))
    )
    return connection.execute(query).all()


def called(connection: Connection, tenant_id: UUID, role: str) -> Mapping[str, str]:
    """Return value → what people read, of fields of a role."""
    query = sa.select(fields.c.options).where(fields.c.tenant_id == tenant_id, fields.c.role == role)
    return {value: label for options in connection.execute(query).scalars() for value, label in options.items()}


def save(connection: Connection, tenant_id: UUID, made_at: datetime, report: Mapping[str, Any]) -> None:
    """Keep a report."""
    row = {"tenant_id": tenant_id, "made_at": made_at, "report": report}
    upsert(connection, kpi_reports, [row], key=("tenant_id", "made_at"), update=("report",))


def newest(connection: Connection, tenant_id: UUID) -> tuple[datetime, Mapping[str, Any]] | None:
    """Return the newest report with when it was made, if there is one."""
    k = kpi_reports.c
    query = sa.select(k.made_at, k.report).where(k.tenant_id == tenant_id).order_by(k.made_at.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    return (row.made_at, row.report) if row else None


def drop_before(connection: Connection, tenant_id: UUID, before: datetime) -> None:
    """Delete reports that are older."""
    k = kpi_reports.c
    connection.execute(sa.delete(kpi_reports).where(k.tenant_id == tenant_id, k.made_at < before))
