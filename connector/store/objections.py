"""Who may not be profiled: noted at every record of theirs, so that it outlasts joining, parting and merging."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.tables import lookbacks, outbox, records, scores, webhook_events
from connector.store.types import AnyRow


def leads_of(tenant_id: UUID | sa.BindParameter[UUID]) -> sa.Select[Any]:
    """The leads of a tenant who may not be profiled: one record that says so is enough."""
    r = records.c
    return sa.select(r.lead_id).where(r.tenant_id == tenant_id, r.objected_at.is_not(None), r.lead_id.is_not(None))


def since(connection: Connection, tenant_id: UUID, lead_id: int) -> datetime | None:
    """Return since when a lead may not be profiled, None where they may."""
    mine = sa.and_(records.c.tenant_id == tenant_id, records.c.lead_id == lead_id)
    found: datetime | None = connection.execute(sa.select(sa.func.min(records.c.objected_at)).where(mine)).scalar()
    return found


def put(connection: Connection, tenant_id: UUID, lead_id: int, at: datetime | None) -> None:
    """Note at all records of a lead that they may not be profiled since ``at``, None that they may."""
    mine = sa.and_(records.c.tenant_id == tenant_id, records.c.lead_id == lead_id)
    connection.execute(sa.update(records).where(mine).values(objected_at=at))


def put_record(connection: Connection, connection_id: UUID, vendor_id: str, at: datetime) -> None:
    """Note at one record, which may have no lead yet, that its person may not be profiled since ``at``."""
    mine = sa.and_(records.c.connection_id == connection_id, records.c.vendor_id == vendor_id)
    connection.execute(sa.update(records).where(mine, records.c.objected_at.is_(None)).values(objected_at=at))


def saying(connection: Connection, connection_id: UUID, name: str, value: str, vendor_ids: Collection[str]) -> set[str]:
    """Return which of these records have a value in a field, as they are stored."""
    query = sa.select(records.c.vendor_id).where(_has(connection_id, name, value), records.c.vendor_id.in_(vendor_ids))
    return set(connection.execute(query).scalars())


def with_value(
    connection: Connection, connection_id: UUID, name: str, value: str, after: int, limit: int
) -> Sequence[AnyRow]:
    """Return (id, vendor_id) of records with a value in a field, behind the record ``after``, in their order."""
    query = sa.select(records.c.id, records.c.vendor_id).where(_has(connection_id, name, value), records.c.id > after)
    return connection.execute(query.order_by(records.c.id).limit(limit)).all()


def _has(connection_id: UUID, name: str, value: str) -> sa.ColumnElement[bool]:
    return sa.and_(records.c.connection_id == connection_id, records.c.properties[name].as_string() == value)


def honour(connection: Connection, tenant_id: UUID, lead_ids: Collection[int] | None = None) -> None:
    """Let those of these leads (None: of all) who may not be profiled have no score, nor values or messages on the way.

    Not only who objects: the word may come to a lead that has a score with another record of theirs. To be called
    while the tenant's ledger is held, so that nobody scores them meanwhile.
    """
    named = leads_of(tenant_id) if lead_ids is None else leads_of(tenant_id).where(records.c.lead_id.in_(lead_ids))
    silent = set(connection.execute(named.distinct()).scalars())
    if not silent:
        return
    for table in (scores, webhook_events, lookbacks):
        connection.execute(sa.delete(table).where(table.c.tenant_id == tenant_id, table.c.lead_id.in_(silent)))
    mine = sa.select(records.c.id).where(records.c.tenant_id == tenant_id, records.c.lead_id.in_(silent))
    connection.execute(sa.delete(outbox).where(outbox.c.record_id.in_(mine)))
