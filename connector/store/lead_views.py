"""Views of the list of leads that users keep for themselves: a name, and what the list is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.bulk import upsert
from connector.store.tables import lead_views


@dataclass(frozen=True, slots=True)
class View:
    """A view of one user. ``asked`` are the fields of the filter that are filled in."""

    id: UUID
    name: str
    asked: Mapping[str, str]


def save(
    connection: Connection, tenant_id: UUID, user_id: UUID, name: str, asked: Mapping[str, str], now: datetime
) -> None:
    """Keep a view; one of the same name is replaced."""
    row = {
        "id": uuid4(),
        "tenant_id": tenant_id,
        "user_id": user_id,
        "name": name,
        "asked": dict(asked),
        "made_at": now,
    }
    upsert(connection, lead_views, [row], key=("user_id", "name"), update=("asked", "made_at"))


def of_user(connection: Connection, tenant_id: UUID, user_id: UUID) -> Sequence[View]:
    """Return a user's views by name."""
    c = lead_views.c
    query = sa.select(c.id, c.name, c.asked).where(c.tenant_id == tenant_id, c.user_id == user_id)
    return [View(row.id, row.name, row.asked) for row in connection.execute(query.order_by(c.name))]


def remove(connection: Connection, tenant_id: UUID, user_id: UUID, view_id: UUID) -> bool:
    """Delete a view of a user; tell whether there was such a one."""
    c = lead_views.c
    mine = sa.and_(c.tenant_id == tenant_id, c.user_id == user_id, c.id == view_id)
    return connection.execute(sa.delete(lead_views).where(mine)).rowcount == 1
