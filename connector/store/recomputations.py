"""Leads that a caller of the REST API wants scored anew."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.tables import api_recomputations, inbox, records


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for. ``former``: lead → the run or turn that had scored it by then (None: nobody had)."""

    id: UUID
    asked_at: datetime
    former: Mapping[int, str | None]


def add(connection: Connection, tenant_id: UUID, wanted: Wanted) -> None:
    """Remember what was asked for."""
    row = {"id": wanted.id, "tenant_id": tenant_id, "asked_at": wanted.asked_at, "former": list(wanted.former.items())}
    connection.execute(sa.insert(api_recomputations), row)


def find(connection: Connection, tenant_id: UUID, recomputation_id: UUID) -> Wanted | None:
    """Return what the tenant asked for."""
    c = api_recomputations.c
    query = sa.select(c.id, c.asked_at, c.former).where(c.tenant_id == tenant_id, c.id == recomputation_id)
    row = connection.execute(query).one_or_none()
    return Wanted(row.id, row.asked_at, dict(row.former)) if row else None


def waiting(connection: Connection, tenant_id: UUID, lead_ids: Collection[int], asked_at: datetime) -> set[int]:
    """Return those of these leads of whom a hint that came until ``asked_at`` was not taken up yet."""
    same = sa.and_(inbox.c.connection_id == records.c.connection_id, inbox.c.subject == records.c.vendor_id)
    query = (
        sa.select(records.c.lead_id)
        .join(inbox, same)
        .where(records.c.tenant_id == tenant_id, records.c.lead_id.in_(lead_ids))
        .where(inbox.c.handled_at.is_(None), inbox.c.received_at <= asked_at)
    )
    return set(connection.execute(query.distinct()).scalars())


def any_before(connection: Connection, before: datetime) -> bool:
    """Tell whether somebody asked before that."""
    query = sa.select(api_recomputations.c.id).where(api_recomputations.c.asked_at < before).limit(1)
    return connection.execute(query).first() is not None


def prune(connection: Connection, before: datetime) -> None:
    """Forget what was asked for before that."""
    connection.execute(sa.delete(api_recomputations).where(api_recomputations.c.asked_at < before))
