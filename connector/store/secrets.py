"""Where sealed secrets stand: one entry for each table that holds some, so that rotating keys finds them all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.tables import connections, departures, digest_recipients, enrichment_sources, webhook_endpoints


@dataclass(frozen=True, slots=True)
class Holder:
    """A table with columns of sealed texts; ``owner`` is what they are bound to beside the row's tenant."""

    table: sa.Table
    owner: sa.ColumnElement[Any]
    columns: tuple[sa.Column[Any], ...]


ENRICHMENT = "enrichment:"
"""What a source's name follows in what its key is bound to."""

HOLDERS = (
    Holder(
        connections,
        connections.c.id,
        (connections.c.access_token, connections.c.refresh_token, connections.c.hook_secrets),
    ),
    Holder(departures, departures.c.connection_id, (departures.c.access_token, departures.c.refresh_token)),
    Holder(
        enrichment_sources,
        sa.literal(ENRICHMENT) + enrichment_sources.c.name,
        (enrichment_sources.c.secret,),
    ),
    Holder(webhook_endpoints, webhook_endpoints.c.id, (webhook_endpoints.c.secret, webhook_endpoints.c.former_secret)),
    Holder(digest_recipients, digest_recipients.c.id, (digest_recipients.c.sealed,)),
)


@dataclass(frozen=True, slots=True)
class Sealed:
    """The sealed texts of a row by their columns' names, and whose they are."""

    tenant_id: UUID
    owner_id: UUID | str
    texts: Mapping[str, str]


def outdated(connection: Connection, holder: Holder, prefix: str, after: Sealed | None, limit: int) -> Sequence[Sealed]:
    """Return rows past ``after`` with texts that do not begin with ``prefix``, by tenant and owner: those texts."""
    query = sa.select(holder.table.c.tenant_id, holder.owner, *holder.columns).where(_is_outdated(holder, prefix))
    if after is not None:
        tenant = holder.table.c.tenant_id
        further = sa.and_(tenant == after.tenant_id, holder.owner > after.owner_id)
        query = query.where(sa.or_(tenant > after.tenant_id, further))
    rows = connection.execute(query.order_by(holder.table.c.tenant_id, holder.owner).limit(limit))
    names = [column.name for column in holder.columns]
    return [
        Sealed(tenant_id, owner_id, {n: t for n, t in zip(names, texts, strict=True) if t and not t.startswith(prefix)})
        for tenant_id, owner_id, *texts in rows
    ]


def count_outdated(connection: Connection, holder: Holder, prefix: str) -> int:
    """Return how many rows hold texts that do not begin with ``prefix``."""
    query = sa.select(sa.func.count()).select_from(holder.table).where(_is_outdated(holder, prefix))
    return int(connection.execute(query).scalar_one())


def replace(connection: Connection, holder: Holder, row: Sealed, name: str, after: str) -> bool:
    """Put a text in the place of a row's; False where somebody put a third there meanwhile, which stays."""
    column = holder.table.c[name]
    same = sa.and_(holder.table.c.tenant_id == row.tenant_id, holder.owner == row.owner_id, column == row.texts[name])
    return connection.execute(sa.update(holder.table).where(same).values({name: after})).rowcount == 1


def _is_outdated(holder: Holder, prefix: str) -> sa.ColumnElement[bool]:
    return sa.or_(*(~column.startswith(prefix, autoescape=True) for column in holder.columns))
