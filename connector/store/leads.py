"""Leads: the persons behind records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store import companies, exclusions, inputs, objections, successions
from connector.store.bulk import upsert
from connector.store.tables import excluded_leads, leads, records
from connector.store.types import AnyRow, BigId


@dataclass(frozen=True, slots=True)
class NewLead:
    """A lead to be stored. ``key`` is what makes it the same person."""

    key: str
    created_at: datetime
    company_key: str | None
    email_kind: str | None


def save(connection: Connection, tenant_id: UUID, found: Sequence[NewLead]) -> dict[str, int]:
    """Insert leads that are new and return key → id of all; what is known of a lead stays as it is."""
    rows = [
        {
            "tenant_id": tenant_id,
            "key": item.key,
            "created_at": item.created_at,
            "company_key": item.company_key,
            "email_kind": item.email_kind,
        }
        for item in found
    ]
    upsert(connection, leads, rows, key=("tenant_id", "key"))
    query = sa.select(leads.c.key, leads.c.id).where(
        leads.c.tenant_id == tenant_id, leads.c.key.in_([item.key for item in found])
    )
    return {row.key: row.id for row in connection.execute(query)}


def describe(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Set what is known of leads; each row is ``lead``, ``created``, ``company``, ``kind`` (of address)."""
    statement = (
        sa.update(leads)
        .where(leads.c.id == sa.bindparam("lead"))
        .values(
            created_at=sa.bindparam("created", type_=leads.c.created_at.type),
            company_key=sa.bindparam("company"),
            email_kind=sa.bindparam("kind"),
        )
    )
    if rows:
        connection.execute(statement, list(rows))


def count(connection: Connection, tenant_id: UUID) -> int:
    """Return how many leads a tenant has."""
    return connection.execute(
        sa.select(sa.func.count()).select_from(leads).where(leads.c.tenant_id == tenant_id)
    ).scalar_one()


def records_of(connection: Connection, tenant_id: UUID, lead_ids: Sequence[int]) -> Sequence[AnyRow]:
    """Return the open records of leads with their properties, for display."""
    c = records.c
    query = sa.select(c.lead_id, c.id, c.connection_id, c.vendor_id, c.email, c.properties, c.created_at).where(
        c.tenant_id == tenant_id, c.lead_id.in_(lead_ids), c.removed_at.is_(None)
    )
    return connection.execute(query.order_by(c.lead_id, c.id)).all()


def company_of(connection: Connection, tenant_id: UUID, lead_id: int) -> str | None:
    """Return the key of the company behind a lead, None where none is known."""
    where = sa.and_(leads.c.tenant_id == tenant_id, leads.c.id == lead_id)
    return connection.execute(sa.select(leads.c.company_key).where(where)).scalar_one_or_none()


def companies_of(
    connection: Connection, tenant_id: UUID, lead_ids: Sequence[int] | None = None
) -> Mapping[int, str | None]:
    """Return lead → the key of its company (None: none is known), of all leads or of these."""
    query = sa.select(leads.c.id, leads.c.company_key).where(leads.c.tenant_id == tenant_id)
    if lead_ids is not None:
        query = query.where(leads.c.id.in_(list(lead_ids)))
    return {row.id: row.company_key for row in connection.execute(query.order_by(leads.c.id))}


def existing(connection: Connection, tenant_id: UUID, lead_ids: Sequence[int]) -> set[int]:
    """Return those of ``lead_ids`` that are leads of the tenant."""
    return set(connection.execute(_EXISTING, {"owner": tenant_id, "those": list(lead_ids)}).scalars())


def scorable(connection: Connection, tenant_id: UUID, lead_ids: Sequence[int]) -> set[int]:
    """Return those of ``lead_ids`` that are leads of the tenant, may be profiled, and are not left out."""
    return set(connection.execute(_SCORABLE, {"owner": tenant_id, "those": list(lead_ids)}).scalars())


_OWNER, _THOSE = sa.bindparam("owner", type_=sa.Uuid()), sa.bindparam("those", type_=BigId, expanding=True)
_EXISTING = sa.select(leads.c.id).where(leads.c.tenant_id == _OWNER, leads.c.id.in_(_THOSE))
_SCORABLE = _EXISTING.where(
    leads.c.id.not_in(objections.leads_of(_OWNER).where(records.c.lead_id.in_(_THOSE))),
    leads.c.id.not_in(exclusions.leads_of(_OWNER).where(excluded_leads.c.lead_id.in_(_THOSE))),
)
"""Made once: asked with every score."""


def drop_orphans(connection: Connection, tenant_id: UUID, lead_ids: Sequence[int] | None = None) -> int:
    """Delete leads (of ``lead_ids``, if given) without a record, and what their scores were made of; return how many.

    What the ledger says of them stays where an erasure finds it without them (``successions``); what was noted of
    leads that live on is taken back.
    """
    owned = sa.select(records.c.id).where(records.c.tenant_id == tenant_id, records.c.lead_id == leads.c.id).exists()
    orphaned = sa.and_(leads.c.tenant_id == tenant_id, ~owned)
    if lead_ids is not None:
        orphaned = sa.and_(orphaned, leads.c.id.in_(lead_ids))
    found = connection.execute(sa.select(leads.c.id, leads.c.company_key).where(orphaned)).all()
    if found:
        gone = [row.id for row in found]
        inputs.forget(connection, tenant_id, gone)
        connection.execute(sa.delete(leads).where(orphaned))
        successions.forget_lost(connection, tenant_id, gone)
        companies.drop_left(connection, tenant_id, sorted({row.company_key for row in found if row.company_key}))
    successions.settle(connection, tenant_id, lead_ids)
    return len(found)
