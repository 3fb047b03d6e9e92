"""What sources told of companies, by domain: every value with the time from which it counts.

A domain is no personal datum, so it is kept as it is; of people nothing is kept here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import polars as pl
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.bulk import upsert
from connector.store.tables import companies, enrichment_answers, enrichment_values, leads, records, scores
from connector.store.types import AnyRow

UTC_TIME = pl.Datetime("us", "UTC")
_MANY = 500


class Outcome(StrEnum):
    """What came of a question: facts, nothing known, or a domain that the provider does not take."""

    FOUND = "found"
    UNKNOWN = "unknown"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Fact:
    """A value of a company from ``known_at`` on. ``stated``: the source dated it; else that is when we got it."""

    domain: str
    field: str
    value: str
    known_at: datetime
    stated: bool


def add_facts(connection: Connection, tenant_id: UUID, source: str, facts: Sequence[Fact], got_at: datetime) -> int:
    """Keep facts; return how many are new or another value than before.

    One without a date of its own that says what the newest one says already is no news: the former keeps its time.
    """
    newest = _newest(connection, tenant_id, source, {fact.domain for fact in facts})
    news = [fact for fact in facts if fact.stated or newest.get((fact.domain, fact.field)) != fact.value]
    rows = [
        {
            "tenant_id": tenant_id,
            "source": source,
            "domain": fact.domain,
            "field": fact.field,
            "known_at": fact.known_at,
            "value": fact.value,
            "stated": fact.stated,
            "got_at": got_at,
        }
        for fact in news
    ]
    key = ("tenant_id", "source", "domain", "field", "known_at")
    return upsert(
        connection,
        enrichment_values,
        rows,
        key=key,
        update=("value", "stated", "got_at"),
        where=_another_value,
    )


def _another_value(new: Any) -> sa.ColumnElement[bool]:
    another: sa.ColumnElement[bool] = new.value != enrichment_values.c.value
    return another


def _newest(
    connection: Connection, tenant_id: UUID, source: str, domains: Collection[str]
) -> dict[tuple[str, str], str]:
    c = enrichment_values.c
    found: dict[tuple[str, str], str] = {}
    ordered = sorted(domains)
    for start in range(0, len(ordered), _MANY):
        part = ordered[start : start + _MANY]
        query = sa.select(c.domain, c.field, c.value).where(
            c.tenant_id == tenant_id, c.source == source, c.domain.in_(part)
        )
        for domain, field, value in connection.execute(query.order_by(c.known_at)):
            found[domain, field] = value
    return found


def add_answer(
    connection: Connection, tenant_id: UUID, source: str, domain: str, outcome: Outcome, now: datetime
) -> None:
    """Remember that a source was asked about a domain, and what came of it."""
    row = {"tenant_id": tenant_id, "source": source, "domain": domain, "outcome": outcome, "asked_at": now}
    key = ("tenant_id", "source", "domain")
    upsert(connection, enrichment_answers, [row], key=key, update=("outcome", "asked_at"))


def asked_since(connection: Connection, tenant_id: UUID, source: str, since: datetime) -> set[str]:
    """Return the domains whose answer is not older than ``since``."""
    c = enrichment_answers.c
    query = sa.select(c.domain).where(c.tenant_id == tenant_id, c.source == source, c.asked_at >= since)
    return set(connection.execute(query).scalars())


def answers(connection: Connection, tenant_id: UUID) -> dict[str, dict[str, int]]:
    """Return source → outcome → number of domains."""
    c = enrichment_answers.c
    query = sa.select(c.source, c.outcome, sa.func.count()).where(c.tenant_id == tenant_id)
    found: dict[str, dict[str, int]] = {}
    for source, outcome, number in connection.execute(query.group_by(c.source, c.outcome)):
        found.setdefault(source, {})[outcome] = number
    return found


def company_keys(connection: Connection, tenant_id: UUID) -> Sequence[str]:
    """Return the companies of leads that have an open record: the best score first, then by name."""
    is_open = sa.select(records.c.id).where(
        records.c.tenant_id == tenant_id, records.c.lead_id == leads.c.id, records.c.removed_at.is_(None)
    )
    best = sa.func.max(scores.c.probability)
    query = (
        sa.select(leads.c.company_key)
        .outerjoin(scores, scores.c.lead_id == leads.c.id)
        .where(leads.c.tenant_id == tenant_id, leads.c.company_key.is_not(None), is_open.exists())
        .group_by(leads.c.company_key)
        .order_by(sa.func.coalesce(best, -1).desc(), leads.c.company_key)
    )
    return list(connection.execute(query).scalars())


def catalogue(connection: Connection, tenant_id: UUID) -> Sequence[AnyRow]:
    """Return source, field, number of companies, and the newest known_at and got_at of each."""
    c = enrichment_values.c
    query = sa.select(
        c.source,
        c.field,
        sa.func.count(c.domain.distinct()).label("companies"),
        sa.func.max(c.known_at, type_=c.known_at.type).label("known_at"),
        sa.func.max(c.got_at, type_=c.got_at.type).label("got_at"),
    )
    return connection.execute(query.where(c.tenant_id == tenant_id).group_by(c.source, c.field)).all()


def of_domain(connection: Connection, tenant_id: UUID, domain: str, now: datetime) -> Sequence[AnyRow]:
    """Return the newest value of each field of a company that counts before ``now``, by source and field."""
    c = enrichment_values.c
    query = sa.select(enrichment_values).where(c.tenant_id == tenant_id, c.domain == domain, c.known_at <= now)
    newest = {(row.source, row.field): row for row in connection.execute(query.order_by(c.known_at))}
    return [newest[key] for key in sorted(newest)]


def told(connection: Connection, tenant_id: UUID, sources: Sequence[str]) -> bool:
    """Whether any of these sources told anything."""
    c = enrichment_values.c
    query = sa.select(c.domain).where(c.tenant_id == tenant_id, c.source.in_(sources)).limit(1)
    return bool(sources) and connection.execute(query).first() is not None


def value_frame(
    connection: Connection, tenant_id: UUID, sources: Sequence[str], domains: Collection[str] | None
) -> pl.DataFrame:
    """Return domain, field (``source.name``), value, known_at of all companies or of these."""
    c = enrichment_values.c
    query = sa.select(c.domain, (c.source + "." + c.field).label("field"), c.value, c.known_at)
    query = query.where(c.tenant_id == tenant_id, c.source.in_(sources))
    if domains is not None:
        query = query.where(c.domain.in_(sorted(domains)))
    schema = pl.Schema({"domain": pl.String(), "field": pl.String(), "value": pl.String(), "known_at": UTC_TIME})
    return pl.DataFrame([tuple(row) for row in connection.execute(query)], schema=schema, orient="row")


def ties(connection: Connection, tenant_id: UUID, lead_ids: Collection[int] | None) -> Mapping[int, Sequence[AnyRow]]:
    """Return lead → its records' address, creation, company's domain and since when they have that company.

    Only of leads with a record that a CRM ties to a company; ``lead_ids`` None: of all of the tenant.
    """
    r = records.c
    joined = sa.and_(companies.c.connection_id == r.connection_id, companies.c.vendor_id == r.company_id)
    tied = sa.select(r.lead_id).where(r.tenant_id == tenant_id, r.lead_id.is_not(None), r.company_id.is_not(None))
    wanted = tied if lead_ids is None else sorted(lead_ids)
    query = (
        sa.select(r.lead_id, r.email, r.created_at, companies.c.domain, r.company_since)
        .outerjoin(companies, joined)
        .where(r.tenant_id == tenant_id, r.lead_id.in_(wanted))
    )
    found: dict[int, list[Any]] = {}
    for row in connection.execute(query):
        found.setdefault(row.lead_id, []).append(row)
    return found
