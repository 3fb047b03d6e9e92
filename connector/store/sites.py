"""A tenant's own sites, whose visitors are a source of engagement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.bulk import upsert
from connector.store.tables import sites


@dataclass(frozen=True, slots=True)
class TrackedSite:
    """One site. ``key`` is public; of the secret only a hash is kept. ``origins`` may send from a browser."""

    id: UUID
    tenant_id: UUID
    name: str
    key: str
    origins: tuple[str, ...]
    secret_hash: str = field(repr=False)
    secret_made_at: datetime
    created_at: datetime


def add(connection: Connection, site: TrackedSite) -> None:
    """Add a site."""
    names = TrackedSite.__dataclass_fields__
    row = {name: getattr(site, name) for name in names} | {"origins": list(site.origins)}
    connection.execute(sa.insert(sites), row)


def add_once(connection: Connection, site: TrackedSite) -> None:
    """Add a site unless there is one with its id."""
    row = {name: getattr(site, name) for name in TrackedSite.__dataclass_fields__} | {"origins": list(site.origins)}
    upsert(connection, sites, [row], key=("id",))


def of_tenant(connection: Connection, tenant_id: UUID) -> Sequence[TrackedSite]:
    """Return a tenant's sites, oldest first."""
    query = sa.select(sites).where(sites.c.tenant_id == tenant_id).order_by(sites.c.created_at, sites.c.id)
    return [_read(row) for row in connection.execute(query)]


def find(connection: Connection, tenant_id: UUID, site_id: UUID) -> TrackedSite | None:
    """Return a site of the tenant."""
    return _one(connection, sa.and_(sites.c.tenant_id == tenant_id, sites.c.id == site_id))


def by_key(connection: Connection, key: str) -> TrackedSite | None:
    """Return the site with a public key."""
    return _one(connection, sites.c.key == key)


def by_secret(connection: Connection, secret_hash: str) -> TrackedSite | None:
    """Return the site whose secret has this hash."""
    return _one(connection, sites.c.secret_hash == secret_hash)


def save_secret(connection: Connection, site_id: UUID, secret_hash: str, now: datetime) -> None:
    """Let another secret take the place of the site's: the former is worthless at once."""
    values = {"secret_hash": secret_hash, "secret_made_at": now}
    connection.execute(sa.update(sites).where(sites.c.id == site_id).values(values))


def save_origins(connection: Connection, site_id: UUID, origins: Sequence[str]) -> None:
    """Replace the origins that may send from a browser."""
    connection.execute(sa.update(sites).where(sites.c.id == site_id).values(origins=list(origins)))


def _one(connection: Connection, where: sa.ColumnElement[bool]) -> TrackedSite | None:
    row = connection.execute(sa.select(sites).where(where)).one_or_none()
    return _read(row) if row else None


def _read(row: Any) -> TrackedSite:
    return TrackedSite(
        row.id,
        row.tenant_id,
        row.name,
        row.key,
        tuple(row.origins),
        row.secret_hash,
        row.secret_made_at,
        row.created_at,
    )
