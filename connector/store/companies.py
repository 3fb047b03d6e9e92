"""The scores of companies, as a pass over all leads left them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.bulk import Row, upsert
from connector.store.tables import companies, company_scores, enrichment_answers, enrichment_values, leads, scores
from connector.store.types import AnyRow

_CHANGED = ("probability", "leads", "high_intent", "best_lead_id", "model", "as_of", "scored_at")


def scored_leads(connection: Connection, tenant_id: UUID, as_of: datetime) -> Iterator[AnyRow]:
    """Give company_key, lead_id, probability and tier of leads scored as of then or later, company by company."""
    query = (
        sa.select(leads.c.company_key, scores.c.lead_id, scores.c.probability, scores.c.tier)
        .join(leads, leads.c.id == scores.c.lead_id)
        .where(scores.c.tenant_id == tenant_id, scores.c.as_of >= as_of, leads.c.company_key.is_not(None))
        .order_by(leads.c.company_key, scores.c.lead_id)
    )
    yield from connection.execute(query)


def save(connection: Connection, rows: Sequence[Row]) -> None:
    """Insert or replace scores of companies; a newer one stays as it is."""
    upsert(connection, company_scores, rows, key=("tenant_id", "company_key"), update=_CHANGED, where=_no_older)


def _no_older(fresh: Any) -> sa.ColumnElement[bool]:
    newer: sa.ColumnElement[bool] = fresh.as_of >= company_scores.c.as_of
    return newer


def drop_older(connection: Connection, tenant_id: UUID, as_of: datetime) -> int:
    """Delete scores of companies that a pass as of then found no open lead of; return how many."""
    c = company_scores.c
    return connection.execute(sa.delete(company_scores).where(c.tenant_id == tenant_id, c.as_of < as_of)).rowcount


def drop_left(connection: Connection, tenant_id: UUID, keys: Sequence[str]) -> None:
    """Delete the chances of companies that have no lead any more, and what other sources told of them.

    A company of one person may be as good as that person's name.
    """
    left = sa.select(leads.c.company_key).where(leads.c.tenant_id == tenant_id, leads.c.company_key.in_(keys))
    empty = sorted(set(keys) - set(connection.execute(left).scalars()))
    for table, key in (
        (company_scores, company_scores.c.company_key),
        (enrichment_values, enrichment_values.c.domain),
        (enrichment_answers, enrichment_answers.c.domain),
    ):
        connection.execute(sa.delete(table).where(table.c.tenant_id == tenant_id, key.in_(empty)))


def page(connection: Connection, tenant_id: UUID, *, after: tuple[Decimal, int] | None, limit: int) -> Sequence[AnyRow]:
    """Return scored companies, the highest chance first; ``after`` is the (probability, id) of the last row seen."""
    c = company_scores.c
    query = sa.select(company_scores).where(c.tenant_id == tenant_id)
    if after:
        chance, last = after
        query = query.where(sa.or_(c.probability < chance, sa.and_(c.probability == chance, c.id > last)))
    return connection.execute(query.order_by(c.probability.desc(), c.id).limit(limit)).all()


def find(connection: Connection, tenant_id: UUID, company_id: int) -> AnyRow | None:
    """Return one company's score."""
    c = company_scores.c
    where = sa.and_(c.tenant_id == tenant_id, c.id == company_id)
    return connection.execute(sa.select(company_scores).where(where)).one_or_none()


def by_key(connection: Connection, tenant_id: UUID, company_key: str | None) -> AnyRow | None:
    """Return the score of the company with a key."""
    c = company_scores.c
    where = sa.and_(c.tenant_id == tenant_id, c.company_key == company_key)
    return connection.execute(sa.select(company_scores).where(where)).one_or_none()


def count(connection: Connection, tenant_id: UUID) -> int:
    """Return how many companies have a score."""
    query = sa.select(sa.func.count()).where(company_scores.c.tenant_id == tenant_id)
    return connection.execute(query).scalar_one()


def leads_of(connection: Connection, tenant_id: UUID, company_key: str, as_of: datetime) -> Sequence[AnyRow]:
    """Return the scored leads that a company's score as of then was made of, the best first."""
    query = (
        sa.select(
            scores.c.lead_id, scores.c.score, scores.c.probability, scores.c.tier, scores.c.reasons, scores.c.by_hand
        )
        .join(leads, leads.c.id == scores.c.lead_id)
        .where(leads.c.tenant_id == tenant_id, leads.c.company_key == company_key, scores.c.as_of >= as_of)
    )
    return connection.execute(query.order_by(scores.c.probability.desc(), scores.c.lead_id)).all()


def names(connection: Connection, tenant_id: UUID, keys: Sequence[str]) -> dict[str, str]:
    """Return company key → name, of keys that name a CRM's company by its id or its domain."""
    found: dict[str, str] = {}
    wanted = sorted(keys)
    query = sa.select(companies.c.connection_id, companies.c.vendor_id, companies.c.domain, companies.c.name).where(
        companies.c.tenant_id == tenant_id,
        companies.c.name.is_not(None),
        sa.or_(
            sa.func.lower(companies.c.domain).in_(wanted),
            sa.func.lower(companies.c.vendor_id).in_([key.rpartition(":")[2] for key in wanted if ":" in key]),
        ),
    )
    for row in connection.execute(query.order_by(companies.c.id.desc())):
        for key in (str(row.domain or "").lower(), f"{row.connection_id}:{row.vendor_id}".lower()):
            if key in wanted:
                found[key] = row.name
    return found
