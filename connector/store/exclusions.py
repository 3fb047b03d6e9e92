"""Whom people leave out of scoring: what they entered, and whom that means now."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.bulk import upsert
from connector.store.tables import excluded_leads, exclusions, leads, outbox, records, scores, webhook_events
from connector.store.types import AnyRow


class Kind(StrEnum):
    """What an exclusion goes by: the domain of the person's address, their company, or the person."""

    DOMAIN = "domain"
    COMPANY = "company"
    LEAD = "lead"


@dataclass(frozen=True, slots=True)
class Exclusion:
    """What a person entered; ``value`` is a domain or the key of a company, ``record_id`` a record of the person."""

    id: UUID
    tenant_id: UUID
    kind: Kind
    value: str | None
    record_id: int | None
    reason: str
    note: str | None
    made_by: str
    made_at: datetime


_COLUMNS = [exclusions.c[name] for name in Exclusion.__dataclass_fields__]
_OPEN = (
    sa.select(*_COLUMNS)
    .where(exclusions.c.tenant_id == sa.bindparam("whose"), exclusions.c.ended_at.is_(None))
    .order_by(exclusions.c.made_at.desc(), exclusions.c.id)
)
"""Made once: asked whenever people are joined."""


def _read(row: AnyRow) -> Exclusion:
    found = row._mapping
    return Exclusion(**{**found, "kind": Kind(found["kind"])})


def of_tenant(connection: Connection, tenant_id: UUID) -> Sequence[Exclusion]:
    """Return those that hold, the newest first."""
    return [_read(row) for row in connection.execute(_OPEN, {"whose": tenant_id})]


def of_lead(connection: Connection, tenant_id: UUID, lead_id: int) -> Sequence[Exclusion]:
    """Return those that leave a lead out, the newest first."""
    query = _OPEN.join(excluded_leads, excluded_leads.c.exclusion_id == exclusions.c.id)
    found = connection.execute(query.where(excluded_leads.c.lead_id == lead_id), {"whose": tenant_id})
    return [_read(row) for row in found]


def sizes(connection: Connection, tenant_id: UUID) -> dict[UUID, int]:
    """Return exclusion → how many leads it leaves out now; those that leave out nobody are not there."""
    c = excluded_leads.c
    query = sa.select(c.exclusion_id, sa.func.count()).where(c.tenant_id == tenant_id).group_by(c.exclusion_id)
    return {row[0]: row[1] for row in connection.execute(query)}


def add(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add exclusions (columns of ``exclusions``)."""
    if rows:
        connection.execute(sa.insert(exclusions), list(rows))


def end(connection: Connection, tenant_id: UUID, exclusion_id: UUID, by: str, now: datetime) -> bool:
    """Take one back, so that it means nobody any more; False where there is none that holds."""
    c = exclusions.c
    mine = sa.and_(c.tenant_id == tenant_id, c.id == exclusion_id, c.ended_at.is_(None))
    ended = connection.execute(sa.update(exclusions).where(mine).values(ended_by=by, ended_at=now)).rowcount
    connection.execute(sa.delete(excluded_leads).where(excluded_leads.c.exclusion_id == exclusion_id))
    return bool(ended)


def leads_of(tenant_id: UUID | sa.BindParameter[UUID]) -> sa.Select[Any]:
    """The leads of a tenant that are left out."""
    return sa.select(excluded_leads.c.lead_id).where(excluded_leads.c.tenant_id == tenant_id)


def mean(
    connection: Connection, tenant_id: UUID, lead_ids: Collection[int], found: Mapping[int, Collection[UUID]]
) -> None:
    """Note whom the exclusions mean among these leads: lead → exclusions, in the place of what was noted of them."""
    c = excluded_leads.c
    connection.execute(sa.delete(excluded_leads).where(c.tenant_id == tenant_id, c.lead_id.in_(lead_ids)))
    rows = [
        {"exclusion_id": exclusion, "lead_id": lead, "tenant_id": tenant_id}
        for lead, mine in found.items()
        for exclusion in mine
    ]
    upsert(connection, excluded_leads, rows, key=("exclusion_id", "lead_id"))


def candidates(
    connection: Connection, tenant_id: UUID, texts: Collection[str], record_ids: Collection[int]
) -> set[int]:
    """Return the leads with an address or company that ends in one of ``texts`` (lower case), or with these records."""
    r, k = records.c, leads.c
    mine = sa.and_(r.tenant_id == tenant_id, r.lead_id.is_not(None))
    by_address = [sa.func.lower(r.email).endswith(text, autoescape=True) for text in texts]
    found = sa.select(r.lead_id).where(mine, sa.or_(r.id.in_(list(record_ids)), *by_address))
    ids = set(connection.execute(found).scalars())
    if texts:
        by_company = [sa.func.lower(k.company_key).endswith(text, autoescape=True) for text in texts]
        ids |= set(connection.execute(sa.select(k.id).where(k.tenant_id == tenant_id, sa.or_(*by_company))).scalars())
    return ids


def still_told(connection: Connection, tenant_id: UUID, lead_ids: Collection[int]) -> set[int]:
    """Return those of these leads that have a score, or records with values on their way or written."""
    r = records.c
    scored = sa.select(scores.c.lead_id).where(scores.c.tenant_id == tenant_id, scores.c.lead_id.in_(lead_ids))
    queued = sa.select(r.lead_id).join(outbox, outbox.c.record_id == r.id)
    queued = queued.where(r.tenant_id == tenant_id, r.lead_id.in_(lead_ids))
    return set(connection.execute(sa.union(scored, queued)).scalars())


def silence(connection: Connection, tenant_id: UUID, lead_ids: Collection[int]) -> None:
    """Let these leads have no score, nor values or messages on the way."""
    for table in (scores, webhook_events):
        connection.execute(sa.delete(table).where(table.c.tenant_id == tenant_id, table.c.lead_id.in_(lead_ids)))
    mine = sa.select(records.c.id).where(records.c.tenant_id == tenant_id, records.c.lead_id.in_(lead_ids))
    connection.execute(sa.delete(outbox).where(outbox.c.record_id.in_(mine)))


def companies_of(connection: Connection, tenant_id: UUID, lead_ids: Collection[int]) -> dict[int, str | None]:
    """Return lead → the key of its company."""
    query = sa.select(leads.c.id, leads.c.company_key).where(leads.c.tenant_id == tenant_id, leads.c.id.in_(lead_ids))
    return {row.id: row.company_key for row in connection.execute(query)}


def people_of(connection: Connection, tenant_id: UUID, ids: Collection[UUID]) -> dict[UUID, int]:
    """Return exclusion → the lead that it means, of those of these that leave out a person."""
    query = sa.select(exclusions.c.id, records.c.lead_id).join(records, records.c.id == exclusions.c.record_id)
    mine = sa.and_(exclusions.c.tenant_id == tenant_id, exclusions.c.id.in_(ids), records.c.lead_id.is_not(None))
    return {row.id: row.lead_id for row in connection.execute(query.where(mine))}
