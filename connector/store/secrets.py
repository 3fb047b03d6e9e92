"""Where sealed secrets stand: one entry for each table that holds some, so that rotating keys finds them all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.tables import connections, departures


@dataclass(frozen=True, slots=True)
class Holder:
    """A table with columns of sealed texts; ``owner`` is the id that they are bound to beside the row's tenant."""

    table: sa.Table
    owner: sa.Column[Any]
    columns: tuple[sa.Column[Any], ...]


HOLDERS = (
    Holder(
        connections,
        connections.c.id,
        (connections.c.access_token, connections.c.refresh_token, connections.c.hook_secrets),
    ),
    Holder(departures, departures.c.connection_id, (departures.c.access_token, departures.c.refresh_token)),
)


@dataclass(frozen=True, slots=True)
class Sealed:
    """The sealed texts of a row by their columns' names, and whose they are."""

    tenant_id: UUID
    owner_id: UUID
    texts: Mapping[str, str]


def outdated(connection: Connection, holder: Holder, prefix: str, after: UUID | None, limit: int) -> Sequence[Sealed]:
    """Return rows with texts that do not begin with ``prefix``, by owner, those past ``after``; those texts alone."""
    query = sa.select(holder.table.c.tenant_id, holder.owner, *holder.columns).where(_is_outdated(holder, prefix))
    if after is not None:
        query = query.where(holder.owner > after)
    rows = connection.execute(query.order_by(holder.owner).limit(limit))
    names = [column.name for column in holder.columns]
    return [
        Sealed(tenant_id, owner_id, {n: t for n, t in zip(names, texts, strict=True) if t and not t.startswith(prefix)})
        for tenant_id, owner_id, *texts in rows
    ]


def count_outdated(connection: Connection, holder: Holder, prefix: str) -> int:
    """Return how many rows hold texts that do not begin with ``prefix``."""
    query = sa.select(sa.func.count()).select_from(holder.table).where(_is_outdated(holder, prefix))
    return int(connection.execute(query).scalar_one())


def replace(connection: Connection, holder: Holder, owner_id: UUID, name: str, before: str, after: str) -> bool:
    """Put a text in the place of another; False where somebody put a third there meanwhile, which stays."""
    column = holder.table.c[name]
    same = sa.and_(holder.owner == owner_id, column == before)
    return connection.execute(sa.update(holder.table).where(same).values({name: after})).rowcount == 1


def _is_outdated(holder: Holder, prefix: str) -> sa.ColumnElement[bool]:
    return sa.or_(*(~column.startswith(prefix, autoescape=True) for column in holder.columns))
